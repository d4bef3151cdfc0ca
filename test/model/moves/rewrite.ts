import { highestClaim } from "../claims.js"
import type { Expansion } from "../expansion.js"
import { effectiveGeneration, recordAt } from "../generations.js"
import type { State } from "../state.js"
import { hasToken, Owner, PersonPhase, tokenOf } from "../vocabulary.js"

const REWRITER = 2
const STEP = "rewriting"

/** What else who rewrites the record does than read and write: it claims its refresh token as a renewal would. */
export const REWRITING: Readonly<Partial<Record<number, (x: Expansion, next: State) => void>>> = {
  [PersonPhase.reading]: read,
  [PersonPhase.claiming]: claim,
  [PersonPhase.readingAgain]: readAgain,
  [PersonPhase.releasing]: release,
}

/** Its lease runs out, and it does not know. */
export function lapse(x: Expansion): void {
  const subject = tokenOf(x.from.personRecord.get(REWRITER))
  if (x.options.rewrite !== "late" || subject < 0 || x.from.owners.get(subject, 1) !== Owner.rewriter) return
  const next = x.successor()
  next.owners.set(subject, 1, Owner.lapsedRewriter)
  x.emit(next, undefined, STEP, "its lease runs out")
}

function read(x: Expansion, next: State): void {
  const generation = effectiveGeneration(next, x.options)
  const record = recordAt(next, generation)
  if (!hasToken(record)) return
  next.personRead.set(REWRITER, generation)
  next.personRecord.set(REWRITER, record)
  next.rewritesRestored = next.storeRestored
  next.personPhase.set(REWRITER, PersonPhase.claiming)
  x.emit(next, undefined, STEP, `reads v${generation}`)
}

/** Whoever has claimed goes first. */
function claim(x: Expansion, next: State): void {
  const subject = tokenOf(next.personRecord.get(REWRITER))
  if (highestClaim(next, subject) !== 0) return finish(x, next, "finds a claim: does nothing")
  next.owners.set(subject, 1, Owner.rewriter)
  const readsAgain = x.options.rewriteReads === "under-claim"
  next.personPhase.set(REWRITER, readsAgain ? PersonPhase.readingAgain : PersonPhase.linking)
  x.emit(next, undefined, STEP, `creates claim 1 on ${x.nameOf(subject)}`)
}

function readAgain(x: Expansion, next: State): void {
  const generation = effectiveGeneration(next, x.options)
  const isThere = recordAt(next, generation) === next.personRecord.get(REWRITER)
  const isDue = isThere && generation === next.personRead.get(REWRITER)
  next.rewritesRestored = next.storeRestored
  next.personPhase.set(REWRITER, isDue ? PersonPhase.linking : PersonPhase.releasing)
  x.emit(next, undefined, STEP, isDue ? "reads the same again" : `v${generation} is there`)
}

function release(x: Expansion, next: State): void {
  const subject = tokenOf(next.personRecord.get(REWRITER))
  const owner = next.owners.get(subject, 1)
  if (owner === Owner.rewriter || owner === Owner.lapsedRewriter) next.owners.set(subject, 1, Owner.none)
  finish(x, next, "releases its claim")
}

function finish(x: Expansion, next: State, detail: string): void {
  next.personPhase.set(REWRITER, PersonPhase.finished)
  next.personRead.set(REWRITER, 0)
  next.personRecord.set(REWRITER, 0)
  next.rewritesRestored = 0
  x.emit(next, undefined, STEP, detail)
}
