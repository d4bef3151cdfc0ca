import { decidePresentation, highestClaim, isGone, otherLivingClaim, ownerOf } from "../claims.js"
import type { Expansion } from "../expansion.js"
import type { Process, State } from "../state.js"
import { After, Owner, describePresentation, Phase, Presentation, Purpose } from "../vocabulary.js"
import { finish, forgetRead, look, startRelease } from "./transitions.js"

/** Lists the claims on the subject, and looks whether the owner of the highest one lives. */
export function findClaims(x: Expansion, next: State, me: Process): void {
  const { options } = x
  const highest = highestClaim(next, me.subject)
  if (highest + 1 > options.highestClaim) return x.listener.overflowed()
  const isAsCoded = options.granularity === "as-coded"
  forgetRead(me)
  me.claimNumber = highest + 1
  if (highest === 0) {
    me.presentation = Presentation.first
    me.phase = isAsCoded ? Phase.readingTombstone : Phase.claiming
    return x.emit(next, me, "claims-found", `finds no claim on ${x.nameOf(me.subject)}`)
  }
  if (options.firstRead === "mark") {
    me.presentation = decidePresentation(next, me.subject, highest, options)
    me.phase = Phase.readingMarks
    const isSent = me.presentation !== Presentation.first
    return x.emit(next, me, "claims-found", `finds claim ${highest}, sent mark: ${isSent}`)
  }
  const owner = next.owners.get(me.subject, highest)
  if (isGone(next, owner)) {
    me.phase = Phase.readingMarks
    return x.emit(next, me, "claims-found", `finds claim ${highest} on ${x.nameOf(me.subject)}, its owner gone`)
  }
  if (!x.isSingleUse && next.overtakings > 0) overtake(x, x.successor(next), me.index, highest)
  finish(me, After.look)
  x.emit(next, me, "waited", `waits on claim ${highest}`)
}

/** Reads the sent marks of a dead owner's claim (or, as one reading has it, its liveness). */
export function readMarks(x: Expansion, next: State, me: Process): void {
  const highest = me.claimNumber - 1
  if (x.options.firstRead === "mark") return readLivenessLast(x, next, me, highest)
  const presentation = decidePresentation(next, me.subject, highest, x.options)
  if (presentation === Presentation.none) return giveUp(x, next, me)
  me.presentation = presentation
  me.phase = x.options.granularity === "as-coded" ? Phase.readingTombstone : Phase.claiming
  x.emit(next, me, "marks-read", `decides: ${describePresentation(presentation)}`)
}

export function readTombstone(x: Expansion, next: State, me: Process): void {
  if (next.tombstones.get(me.subject) !== 0) finish(me, After.reauthentication)
  else me.phase = Phase.claiming
  x.emit(next, me, "tombstone-read", me.phase === Phase.claiming ? "no tombstone" : "sees the tombstone")
}

/** Creates the claim, exclusively and complete. */
export function claim(x: Expansion, next: State, me: Process): void {
  const { claimNumber: n, subject } = me
  if (next.owners.get(subject, n) !== Owner.none) {
    finish(me, After.look)
    return x.emit(next, me, "waited", `claim ${n} is there already`)
  }
  next.owners.set(subject, n, ownerOf(me))
  const how = describePresentation(me.presentation)
  if (x.options.granularity === "as-coded") {
    me.phase = Phase.rereadingLiveness
    me.paused = 0 // counted from here
  } else look(me, Purpose.confirm)
  x.emit(next, me, "claimed", `creates claim ${n} on ${x.nameOf(subject)} (${how})`)
}

export function rereadLiveness(x: Expansion, next: State, me: Process): void {
  const other = x.isSingleUse ? otherLivingClaim(next, me) : 0
  if (other !== 0) startRelease(me, After.look)
  else me.phase = Phase.rereadingMarks
  x.emit(next, me, "claims-found", other === 0 ? "nobody else lives" : `claim ${other} has a living owner: starts over`)
}

export function rereadMarks(x: Expansion, next: State, me: Process): void {
  const presentation = decidePresentation(next, me.subject, me.claimNumber - 1, x.options)
  if (presentation === Presentation.none) startRelease(me, After.look)
  else {
    me.presentation = presentation
    me.phase = Phase.rereadingTombstone
  }
  x.emit(next, me, "marks-read", `decides again: ${describePresentation(presentation)}`)
}

export function rereadTombstone(x: Expansion, next: State, me: Process): void {
  const isRejected = next.tombstones.get(me.subject) !== 0
  if (isRejected) startRelease(me, After.reauthentication)
  else look(me, Purpose.confirm)
  x.emit(next, me, "tombstone-read", isRejected ? "sees the tombstone: releases" : "no tombstone")
}

function overtake(x: Expansion, next: State, index: number, highest: number): void {
  const me = next.process(index)
  next.overtakings--
  me.presentation = Presentation.first
  me.phase = Phase.claiming
  x.emit(next, me, "claims-found", `overtakes claim ${highest}`)
}

function readLivenessLast(x: Expansion, next: State, me: Process, highest: number): void {
  const owner = next.owners.get(me.subject, highest)
  if (!isGone(next, owner)) {
    finish(me, After.look)
    return x.emit(next, me, "waited", `waits on claim ${highest}`)
  }
  if (me.presentation === Presentation.none) return leaveTombstone(x, next, me)
  me.phase = Phase.claiming
  x.emit(next, me, "claims-found", `owner gone: ${describePresentation(me.presentation)}`)
}

function giveUp(x: Expansion, next: State, me: Process): void {
  if (!x.options.looksBeforeGivingUp) return leaveTombstone(x, next, me)
  look(me, Purpose.judgeRefusedGrant)
  me.claimNumber = 0
  x.emit(next, me, "gave-up", "no try is left: looks once more")
}

function leaveTombstone(x: Expansion, next: State, me: Process): void {
  next.tombstones.set(me.subject, 1)
  finish(me, After.reauthentication)
  x.emit(next, me, "rejected", "no try is left: tombstone")
}
