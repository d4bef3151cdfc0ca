import type { Clock } from "../clock.js"
import { randomId } from "../random.js"
import { Stillness } from "../stillness.js"
import type { StoredToken } from "../token-cache.js"
import type { TokenVersion } from "../token.js"
import type { RowClaim, RowContent } from "./row-text.js"

/** What stands for a row that is gone, and the lineage that ended with it. */
export interface SignOut {
  readonly mark: StoredToken
  /** Nobody goes on with it. */
  readonly ended: string | undefined
}

// as long as a sealed token takes to be sealed once more
const TOLD_FOR_MS = 5_000

/**
 * What this process has seen of one row: its record, to tell a row that was signed out from one that never was, and how
 * long the claims of others have shown no life. No secret. Forgetting it makes things slower, and never wrong.
 */
export class RowMemory {
  readonly #clock: Clock
  #seen: Pick<StoredToken, "version" | "lineages"> | undefined
  #past: string | undefined
  #spends: string | undefined
  #signOut: SignOut | undefined
  #highest = 0
  #told: { readonly floor: number; readonly at: number } | undefined
  readonly #stillness = new Map<string, Stillness>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Undefined: there is a record, or there never was one as far as is known. */
  get signOut(): SignOut | undefined {
    return this.#signOut
  }

  /** The lineage that was seen before the one that is there. */
  get past(): string | undefined {
    return this.#past
  }

  /** The subject of claims on the refresh token that was seen last. */
  get spends(): string | undefined {
    return this.#spends
  }

  /** Notes what is in the row. @param isAbsenceSignOut what it means if there is no record */
  note({ record, spends, claims }: RowContent, isAbsenceSignOut: boolean): void {
    this.#forgetClaimsBut(claims)
    if (record !== undefined) {
      const { version, lineages } = record
      const lineage = this.#seen?.version.lineage
      if (lineage !== version.lineage) this.#past = lineage
      this.#seen = { version, lineages }
      this.#highest = Math.max(this.#highest, version.generation)
      this.#spends = spends
      this.#signOut = undefined
    } else if (isAbsenceSignOut && this.#signOut === undefined && this.#seen !== undefined) {
      // answers may overtake each other: what was seen last is not always the newest
      this.signOutAfter(this.#highest, this.#seen)
    }
  }

  /** Makes a mark of a higher generation than `generation`, which ends the lineage of `last`. */
  signOutAfter(generation: number, last: Pick<StoredToken, "version" | "lineages">): SignOut {
    // a lineage of its own: by the old one it is told who puts something back
    const version: TokenVersion = { lineage: randomId(), generation: generation + 1, id: randomId() }
    return this.setSignOut({ mark: { version, lineages: last.lineages }, ended: last.version.lineage })
  }

  setSignOut(signOut: SignOut): SignOut {
    this.#signOut = signOut
    this.#highest = Math.max(this.#highest, signOut.mark.version.generation)
    return signOut
  }

  /** The generation that a first record has to be above: the same one for a while, so that it can be sealed for it. */
  firstFloor(): number {
    const told = this.#told
    const least = this.#signOut?.mark.version.generation ?? 0
    const isRecent = told !== undefined && this.#clock.monotonic() - told.at < TOLD_FOR_MS
    if (isRecent && told.floor >= least) return told.floor
    const floor = Math.max(Math.ceil(this.#clock.now()), least)
    this.#told = { floor, at: this.#clock.monotonic() }
    return floor
  }

  /** Whether a record of this generation has been asked for by {@link firstFloor}. */
  hasTold(generation: number): boolean {
    return this.#told !== undefined && generation === this.#told.floor + 1
  }

  /** For how long a claim of another has been seen without a sign of life, in milliseconds. */
  stillMs({ what, n, owner, beat }: RowClaim): number {
    const name = nameOf({ what, n })
    const stillness = this.#stillness.get(name) ?? new Stillness(this.#clock)
    this.#stillness.set(name, stillness)
    return stillness.note(`${owner}.${beat}`)
  }

  #forgetClaimsBut(claims: readonly RowClaim[]): void {
    if (this.#stillness.size === 0) return
    const names = new Set(claims.map(nameOf))
    for (const name of this.#stillness.keys()) if (!names.has(name)) this.#stillness.delete(name)
  }
}

function nameOf({ what, n }: Pick<RowClaim, "what" | "n">): string {
  return `${what}.${n}`
}
