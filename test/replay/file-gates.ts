import fs from "node:fs/promises"
import { basename } from "node:path"

/** What the library does with one file. */
export interface FileOperation {
  readonly name: (typeof GATED)[number]
  /** For `link` and `rename`: the new name. Without the directory. */
  readonly file: string
  /** With `open`. */
  readonly flags: unknown
}

/** Decides when something is done, and whether. Undefined: at once, it is nobody's. */
export type Gatekeeper = () =>
  ((operation: FileOperation, action: () => Promise<unknown>) => Promise<unknown>) | undefined

const GATED = [
  "chmod",
  "link",
  "lstat",
  "mkdir",
  "open",
  "readdir",
  "realpath",
  "rename",
  "rmdir",
  "stat",
  "unlink",
  "writeFile",
] as const

/** From now on each of these calls of `node:fs/promises` waits for the keeper, until the function returned is called. */
export function gateFiles(keeper: Gatekeeper): () => void {
  const originals = GATED.map(
    (name) => [name, Reflect.get(fs, name) as (...args: unknown[]) => Promise<unknown>] as const,
  )
  for (const [name, original] of originals) {
    Reflect.set(fs, name, (...args: unknown[]) => {
      const action = () => original.apply(fs, args)
      const pass = keeper()
      return pass === undefined ? action() : pass(operationOf(name, args), action)
    })
  }
  return () => {
    for (const [name, original] of originals) Reflect.set(fs, name, original)
  }
}

function operationOf(name: FileOperation["name"], args: readonly unknown[]): FileOperation {
  const path = name === "link" || name === "rename" ? args[1] : args[0]
  return { name, file: basename(String(path)), flags: name === "open" ? args[1] : undefined }
}
