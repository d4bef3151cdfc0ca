import { hashOf } from "../token-source.js"

/** The names of the files about one subject of a claim, in `<store>.d`. */
export class ClaimNames {
  readonly #what: string

  constructor(what: string) {
    this.#what = /^[A-Za-z0-9._-]{1,64}$/.test(what) ? what : hashOf(what)
  }

  get tombstone(): string {
    return `${TOMBSTONE_PREFIX}${this.#what}`
  }

  claim(n: number): string {
    return `claim-${this.#what}.${n}`
  }

  mark(n: number): string {
    return `${this.claim(n)}.sent`
  }

  /** The directory by which proper-lockfile keeps the heartbeat of the claim's owner. */
  heartbeat(n: number): string {
    return `${this.claim(n)}.lock`
  }

  /** The numbers of those among `names` that are about this subject, lowest first. */
  numbersIn(names: readonly string[], kind: ClaimFile["kind"]): readonly number[] {
    const files = names.flatMap((name) => parseClaimFile(name) ?? [])
    const numbers = files.filter((file) => file.what === this.#what && file.kind === kind).map(({ n }) => n)
    return numbers.sort((a, b) => a - b)
  }
}

/** How the names of tombstones begin; the subject follows. */
export const TOMBSTONE_PREFIX = "tomb-"

export interface ClaimFile {
  readonly what: string
  readonly n: number
  readonly kind: "claim" | "mark" | "heartbeat"
}

const KINDS = { "": "claim", ".sent": "mark", ".lock": "heartbeat" } as const

export function parseClaimFile(name: string): ClaimFile | undefined {
  const [, what, digits, ending = ""] = /^claim-(.+)\.([1-9]\d{0,14})(\.sent|\.lock)?$/.exec(name) ?? []
  if (what === undefined || !isEnding(ending)) return undefined
  return { what, n: Number(digits), kind: KINDS[ending] }
}

function isEnding(ending: string): ending is keyof typeof KINDS {
  return Object.hasOwn(KINDS, ending)
}
