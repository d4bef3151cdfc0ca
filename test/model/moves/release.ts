import { ownerOf } from "../claims.js"
import type { Expansion } from "../expansion.js"
import type { Process, State } from "../state.js"
import { Mark, Owner, Phase } from "../vocabulary.js"
import { finish } from "./transitions.js"

/** Removes the next file of the claim, or of all claims of the subject up to its own. Each removal is a step. */
export function release(x: Expansion, next: State, me: Process): void {
  if (next.failedReleases > 0) failToRelease(x, x.successor(), me.index)
  const { subject, claimNumber } = me
  // after the store has lost everything its number may be another's
  const isAnothers =
    next.storeDeleted !== 0 && ![ownerOf(me), Owner.none].includes(next.owners.get(subject, claimNumber))
  if (isAnothers) me.removed = 2 * claimNumber
  const isAll = x.options.release === "all" || (x.options.release === "all-after-commit" && me.committed !== 0)
  const files = 2 * (isAll ? claimNumber : 1)
  while (me.removed < files) {
    const index = me.removed++
    const n = isAll ? 1 + Math.floor(index / 2) : claimNumber
    const isMark = (index % 2 === 0) === (x.options.removal === "mark-first")
    const grid = isMark ? next.marks : next.owners
    if (grid.get(subject, n) === (isMark ? Mark.none : Owner.none)) continue
    grid.set(subject, n, 0)
    if (me.removed >= files) finish(me, me.after)
    const step = me.phase === Phase.releasing ? "removed" : "released"
    return x.emit(next, me, step, `removes ${isMark ? "sent mark" : "claim"} ${n}`)
  }
  finish(me, me.after)
  x.emit(next, me, "released", "nothing left to remove")
}

function failToRelease(x: Expansion, next: State, index: number): void {
  const me = next.process(index)
  next.failedReleases--
  const isForgotten = x.options.failedRelease === "forgotten"
  if (isForgotten) finish(me, me.after)
  x.emit(next, me, "write-failed", `the claim cannot be removed: ${isForgotten ? "forgets it" : "will try again"}`)
}
