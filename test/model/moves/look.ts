import { decidePresentation, otherLivingClaim } from "../claims.js"
import type { Expansion } from "../expansion.js"
import type { Process, State } from "../state.js"
import { After, hasToken, isSignedOut, NOTHING, Phase, Presentation, Purpose, tokenOf } from "../vocabulary.js"
import { isRequestAbout, meetEmptyStore, putBack } from "./store-loss.js"
import { adopt, adoptIfNewer, finish, forgetRead, startRelease } from "./transitions.js"

/** The first look in the store: adopts what is newer there; else a renewal is due. */
export function concludeLook(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  if (record === NOTHING) return meetEmptyStore(x, next, me)
  if (me.heldRecord === NOTHING || generation > me.heldGeneration) {
    adopt(me, generation, record)
    finish(me, After.idle)
    return x.emit(next, me, "looked", `adopts v${generation}`)
  }
  if (isSignedOut(record) && !mayBeginLineage(next, me)) {
    finish(me, After.idle)
    return x.emit(next, me, "looked", "is signed out")
  }
  const subject = subjectOf(x, next, me)
  if (x.options.granularity === "coarse" && next.tombstones.get(subject) !== 0) {
    finish(me, After.reauthentication)
    return x.emit(next, me, "looked", "sees the tombstone")
  }
  if (generation < me.heldGeneration && me.heldUnwritten === 0) {
    if (x.options.wipes !== 0) return putBack(x, next, me, `v${generation}: will put back v${me.heldGeneration}`)
    x.report("I2: store older than what this process holds", me, "looked", `v${generation}`)
  }
  me.subject = subject
  me.plannedGeneration = generation
  me.phase = Phase.findingClaims
  x.emit(next, me, "looked", `v${generation} is due`)
}

/** The second look in the store, with the claim taken. */
export function concludeConfirmation(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  const isSignOut = isSignedOut(record) && me.configured === 0
  // an older record that was put back may be followed by another one of the same generation
  const isOther = hasToken(record) && subjectOf(x, next, me) !== me.subject
  if (record === NOTHING || generation > me.plannedGeneration || isSignOut || isOther) {
    if (record !== NOTHING) adoptIfNewer(me, generation, record)
    startRelease(me, After.idle)
    return x.emit(next, me, "looked-again", `v${generation} is there: releases`)
  }
  const isRestored = x.isSingleUse && x.options.refill === "noted" && next.storeRestored !== 0
  if (isRestored && isRequestAbout(next, me)) {
    startRelease(me, After.look)
    return x.emit(next, me, "looked-again", "put back a moment ago: releases")
  }
  if (isRestored) me.presentation = Presentation.lastTry
  forgetRead(me)
  me.purpose = Purpose.renew
  if (x.options.granularity === "coarse" && !confirmsAtOnce(x, next, me)) return
  const isAsCoded = x.options.granularity === "as-coded"
  const late = x.successor(next)
  if (me.paused === 0 || isAsCoded) {
    me.phase = x.isSingleUse ? Phase.marking : Phase.beforeSending
    x.emit(next, me, "looked-again", "still due")
  }
  if (isAsCoded) return // a pause is judged last
  startRelease(late.process(me.index), After.look)
  x.emit(late, me, "looked-again", "more than 5 s: starts over")
}

/** Whether it is configured with a refresh token that what was read knows nothing of. */
function mayBeginLineage(state: State, { configured, readRecord }: Process): boolean {
  return configured !== 0 && !state.knowsNewLineage(readRecord)
}

/** What is to be spent: the stored refresh token, or one that was configured and has not begun its lineage yet. */
function subjectOf(x: Expansion, next: State, me: Process): number {
  const { readGeneration, readRecord } = me
  if (!x.isSingleUse) return readGeneration
  return mayBeginLineage(next, me) ? next.dimensions.tokensPerFamily : tokenOf(readRecord)
}

/** Tombstone, liveness and marks together with the store. @returns whether the claim may be used. */
function confirmsAtOnce(x: Expansion, next: State, me: Process): boolean {
  if (x.options.secondLookSeesTombstone && next.tombstones.get(me.subject) !== 0) {
    startRelease(me, After.reauthentication)
    x.emit(next, me, "looked-again", "sees the tombstone: releases")
    return false
  }
  if (!x.options.recheck || !x.isSingleUse) return true
  const other = otherLivingClaim(next, me)
  if (other !== 0) {
    startRelease(me, After.look)
    x.emit(next, me, "looked-again", `claim ${other} has a living owner: starts over`)
    return false
  }
  const presentation = decidePresentation(next, me.subject, me.claimNumber - 1, x.options)
  if (presentation === Presentation.none) {
    startRelease(me, After.look)
    x.emit(next, me, "looked-again", "no try is left: starts over")
    return false
  }
  if (me.presentation === Presentation.first) me.presentation = presentation
  return true
}
