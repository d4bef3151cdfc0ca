import type { Expansion } from "../expansion.js"
import { setStore } from "../generations.js"
import type { Process, State } from "../state.js"
import { After, isSignedOut, Mark, NOTHING, Owner, Phase, Purpose, SIGNED_OUT_OF_BOTH } from "../vocabulary.js"
import { hasMovedOn, isNoSuccessor, isOtherLineage } from "./outcome.js"
import { isHeld } from "./send.js"
import { adopt, adoptIfNewer, finish, forgetRead, startRelease, startReleaseOfAll } from "./transitions.js"

/**
 * What the code does before it repeats something under a claim that it has kept: store, tombstone, mark, and whether the
 * claim is held. A model with `repetition: "blind"` has none of these moves.
 */
export function concludeRepeatedRequest(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  if (hasMovedOn(x, next, me)) {
    adoptIfNewer(me, generation, record)
    startRelease(me, After.idle)
    return x.emit(next, me, "looked", `adopts v${generation}: nothing to repeat`)
  }
  // one that came after it was planned: a lineage may well begin on top of a sign-out
  const isSignOut = isSignedOut(record) && generation > me.plannedGeneration
  if (isSignOut && isOtherLineage(x, next, me)) return settleSignedOut(x, next, me)
  if (record === NOTHING) {
    setStore(next, me.heldGeneration, me.heldRecord)
    next.storeRestored = 1
  }
  if (record !== NOTHING && isNoSuccessor(x, next, me)) {
    adoptIfNewer(me, generation, record)
    me.plannedGeneration = generation
  }
  forgetRead(me)
  me.purpose = Purpose.renew
  me.phase = Phase.repeatingTombstone
  x.emit(next, me, "looked", "nothing newer")
}

/** A sign-out wins over a first use of which nobody knows what became. */
function settleSignedOut(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  adoptIfNewer(me, generation, record)
  if (x.options.unknownFirstUse === "forgotten") {
    startRelease(me, After.idle)
    return x.emit(next, me, "looked", `adopts v${generation}: nothing to repeat`)
  }
  planToWrite(me, SIGNED_OUT_OF_BOTH)
  x.emit(next, me, "looked", `will note in v${generation + 1} that the new lineage has begun`)
}

export function rereadTombstoneToRepeat(x: Expansion, next: State, me: Process): void {
  const isRejected = next.tombstones.get(me.subject) !== 0
  if (isRejected) startRelease(me, After.reauthentication)
  else me.phase = Phase.repeatingMark
  x.emit(next, me, "tombstone-read", isRejected ? "sees the tombstone: releases" : "no tombstone")
}

/** Renews the time of the mark. */
export function markAgain(x: Expansion, next: State, me: Process): void {
  const { subject, claimNumber } = me
  const isThere = next.owners.get(subject, claimNumber) !== Owner.none
  if (isThere && next.marks.get(subject, claimNumber) === Mark.none) next.marks.set(subject, claimNumber, Mark.sent)
  me.phase = Phase.repeatingHeld
  x.emit(next, me, "checked", "renews the sent mark")
}

export function checkHeldToRepeat(x: Expansion, next: State, me: Process): void {
  if (isHeld(next, me)) {
    me.phase = Phase.sending
    return x.emit(next, me, "checked", "still holds its claim")
  }
  if (x.options.givenUp === "removed") startRelease(me, After.look)
  else abandon(next, me, After.look)
  x.emit(next, me, "checked", "sees a higher claim, or its own gone: gives up")
}

/** The write that failed, once more, unless the store has moved on meanwhile. */
export function concludeRepeatedWrite(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  if (isNoSuccessor(x, next, me)) return writeOnTop(x, next, me)
  if (me.heldUnwritten === 0 || generation >= me.heldGeneration) {
    if (me.heldUnwritten !== 0 || generation > me.heldGeneration) adopt(me, generation, record)
    startReleaseOfAll(me)
    return x.emit(next, me, "looked", `adopts v${generation}: nothing to write`)
  }
  me.plannedGeneration = me.heldGeneration - 1
  me.answer = me.heldRecord
  forgetRead(me)
  me.purpose = Purpose.renew
  me.phase = Phase.linking
  x.emit(next, me, "looked", "will write again")
}

function writeOnTop(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  if (me.heldUnwritten !== 0 && generation >= me.heldGeneration) me.heldGeneration = generation + 1
  if (isSignedOut(record) && me.heldUnwritten !== 0) me.heldRecord = SIGNED_OUT_OF_BOTH
  planToWrite(me, isSignedOut(record) ? SIGNED_OUT_OF_BOTH : me.answer)
  x.emit(next, me, "looked", `will write on top of v${generation}`)
}

/** On top of what was read. */
function planToWrite(me: Process, record: number): void {
  me.plannedGeneration = me.readGeneration
  me.answer = record
  forgetRead(me)
  me.purpose = Purpose.renew
  me.phase = Phase.linking
}

/** The claim and its mark stay, as those of a dead owner. */
export function abandon(next: State, me: Process, after: number): void {
  const { subject, claimNumber } = me
  if (next.owners.get(subject, claimNumber) === Owner.firstProcess + me.index) {
    next.owners.set(subject, claimNumber, Owner.gone)
  }
  finish(me, after)
}

/** Whether the process has something sent under its claim, or unwritten, that it would repeat. */
export function keepsItsClaim(me: Process): boolean {
  if (me.phase === Phase.outcomeUnknown || me.phase === Phase.waiting) return true
  if (me.hasSent === 0) return false
  if (me.phase === Phase.reading) return me.purpose === Purpose.repeatRequest || me.purpose === Purpose.repeatWrite
  const repeats: readonly number[] = [Phase.repeatingTombstone, Phase.repeatingMark, Phase.repeatingHeld, Phase.sending]
  return repeats.includes(me.phase) || (me.phase === Phase.beforeSending && me.hasSent !== 0)
}
