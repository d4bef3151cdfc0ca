import type { ModelStep } from "../model/model-step.js"
import type { FileOperation } from "./file-gates.js"
import type { Sight } from "./replayed-process.js"

type FileSight = Extract<Sight, { readonly kind: "file" }>

/** How a step of the model shows at a real process. */
export interface Milestone {
  readonly isIt: (sight: Sight) => boolean
  /** The step is not over while the process goes on with something like this. */
  readonly goesOnWith?: (next: FileOperation) => boolean
}

const NAMED: ReadonlySet<string> = new Set(["looked", "claimed", "looked-again", "marked", "committed"])

/** Undefined: nothing to be seen of it, or it is not the process's own. */
export function milestoneOf({ step, detail }: ModelStep): Milestone | undefined {
  // who has nothing in memory takes over what is in the store before a renewal begins
  if (step === "looked" && detail.startsWith("adopts")) return { isIt: (sight) => sight.kind === "adopted" }
  if (step === "committed" && detail.startsWith("renames")) return { isIt: did("rename", isStore) }
  if (NAMED.has(step)) return { isIt: (sight) => sight.kind === "step" && sight.step === step }
  switch (step) {
    case "read":
      return { isIt: did("readdir", isSide), goesOnWith: ({ name, file }) => name === "open" && isRecord(file) }
    case "claims-found":
      return { isIt: did("readdir", isSide), goesOnWith: ({ name, file }) => name === "open" && isClaim(file) }
    case "marks-read":
      return { isIt: did("readdir", isSide), goesOnWith: ({ name, file }) => name === "stat" && isMark(file) }
    case "tombstone-read":
      return { isIt: (sight) => isAbout(sight, "stat", (file) => file.startsWith("tomb-")) }
    case "linked":
    case "refilled":
      return { isIt: did("link", isGeneration) }
    case "rejected":
      return { isIt: did("link", (file) => file.startsWith("tomb-")) }
    case "noticed":
      return { isIt: did("open", isGeneration) }
    case "removed":
    case "released":
      return { isIt: did("unlink", removalIn(detail)) }
    default:
      return undefined
  }
}

export function isGeneration(file: string): boolean {
  return /^gen-\d+$/.test(file)
}

export function isClaim(file: string): boolean {
  return /^claim-[^.]+\.\d+$/.test(file)
}

export function isMark(file: string): boolean {
  return file.endsWith(".sent")
}

/** An operation of this name on such a file, done. */
export function did(name: FileOperation["name"], on: (file: string) => boolean): (sight: Sight) => boolean {
  return (sight) => isAbout(sight, name, on) && !sight.failed
}

function isAbout(sight: Sight, name: FileOperation["name"], on: (file: string) => boolean): sight is FileSight {
  return sight.kind === "file" && sight.operation.name === name && on(sight.operation.file)
}

export function isStore(file: string): boolean {
  return file === "token.json"
}

function isRecord(file: string): boolean {
  return isStore(file) || isGeneration(file)
}

export function isSide(file: string): boolean {
  return file === "token.json.d"
}

function removalIn(detail: string): (file: string) => boolean {
  const [, what, number] = /removes (sent mark|claim) (\d+)/.exec(detail) ?? []
  if (what === undefined) return isGeneration
  const is = what === "claim" ? isClaim : isMark
  return (file) => is(file) && file.replace(".sent", "").endsWith(`.${number ?? ""}`)
}
