import type { Expansion } from "../expansion.js"
import type { Process, State } from "../state.js"
import {
  After,
  hasToken,
  isSignedOut,
  NOTHING,
  Phase,
  Presentation,
  Purpose,
  recordOf,
  Request,
  SIGNED_OUT_OF_BOTH,
} from "../vocabulary.js"
import { adopt, adoptIfNewer, look, startRelease } from "./transitions.js"

/** The process learns what became of its request, or that it cannot know. */
export function receive(x: Expansion, next: State, me: Process): void {
  const outcome = me.request
  if (outcome === Request.underWay) return timeOut(x, next, me)
  if (outcome === Request.serverError) {
    loseAnswer(me)
    return x.emit(next, me, "answered", "gets the 5xx")
  }
  if (next.ambiguities > 0) {
    const lost = x.successor()
    lost.ambiguities--
    loseAnswer(lost.process(me.index))
    x.emit(lost, me, "answered", "the answer is lost")
  }
  me.request = Request.none
  if (outcome === Request.granted) {
    me.phase = Phase.linking
    return x.emit(next, me, "answered", "gets 200")
  }
  if (outcome === Request.invalidGrant) {
    look(me, Purpose.judgeRefusedGrant)
    return x.emit(next, me, "answered", "gets invalid_grant")
  }
  meetNotProcessed(x, next, me)
}

/** The same token again, under the same claim; what is repeatable is given up instead. */
export function meetUnknownOutcome(x: Expansion, next: State, me: Process): void {
  if (!x.isSingleUse) {
    startRelease(me, After.idle)
    return x.emit(next, me, "answered", "ambiguous: gives the claim up")
  }
  me.presentation = Presentation.repeat
  if (x.options.repetition === "blind") me.phase = Phase.beforeSending
  else look(me, Purpose.repeatRequest)
  x.emit(next, me, "will-repeat", "will send again")
}

/** Another process's write may explain the refusal; else nobody shall present this token again. */
export function concludeRefusedGrant(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  const isByMemory = x.options.refusalComparedWith === "memory"
  const isNews = isByMemory ? generation > me.heldGeneration : hasMovedOn(x, next, me)
  if (isNews || (isSignedOut(record) && !isOtherLineage(x, next, me))) {
    adoptIfNewer(me, generation, record)
    startRelease(me, After.idle)
    return x.emit(next, me, "looked", `invalid_grant: adopts v${generation}`)
  }
  if (x.options.granularity === "coarse") return reject(x, next, me)
  me.phase = Phase.rejecting
  x.emit(next, me, "looked", "invalid_grant, and nothing newer")
}

export function reject(x: Expansion, next: State, me: Process): void {
  next.tombstones.set(me.subject, 1)
  startRelease(me, After.reauthentication)
  x.emit(next, me, "rejected", "writes the tombstone")
}

/** Somebody else has committed first. */
export function concludeRefusedWrite(x: Expansion, next: State, me: Process): void {
  const { readGeneration: generation, readRecord: record } = me
  if (isNoSuccessor(x, next, me)) {
    if (isSignedOut(record)) me.answer = SIGNED_OUT_OF_BOTH
    me.plannedGeneration = generation
    me.phase = Phase.linking
    return x.emit(next, me, "checked", `refused: will write on top of v${generation}`)
  }
  if (generation < me.heldGeneration && hasToken(me.heldRecord) && me.heldUnwritten === 0) {
    x.report("I3: refused, and adopts an older one", me, "committed", `v${generation}`)
  }
  if (generation > me.heldGeneration || me.heldUnwritten !== 0) adopt(me, generation, record)
  startRelease(me, After.idle)
  x.emit(next, me, "committed", `refused: adopts v${generation}`)
}

/** Whether the store that was read has made what this process is about obsolete. */
export function hasMovedOn(x: Expansion, next: State, me: Process): boolean {
  return me.readRecord !== NOTHING && me.readGeneration > me.plannedGeneration && !isNoSuccessor(x, next, me)
}

/** Whether what was read has come before what this process is about, and yet not from what that came of. */
export function isNoSuccessor(x: Expansion, next: State, me: Process): boolean {
  return isOtherLineage(x, next, me) || isRewritten(x, me)
}

/** Whether what was read still holds the refresh token that this process has spent: somebody has only written it again. */
function isRewritten({ options, isSingleUse }: Expansion, me: Process): boolean {
  if (!isSingleUse || options.rewrittenRecord === "adopted") return false
  return me.readRecord === recordOf(me.subject) && me.readGeneration > me.plannedGeneration
}

/** Whether what was read is a rotation of the old lineage, or a sign-out of it only, while this process begins the new one. */
export function isOtherLineage(x: Expansion, next: State, { readRecord, subject }: Process): boolean {
  if (x.options.overtakenLineage === "dropped" || !beginsLineage(next, subject)) return false
  return readRecord !== NOTHING && !next.knowsNewLineage(readRecord)
}

/** Whether it is the first token of another lineage than the store's. */
export function beginsLineage(state: State, subject: number): boolean {
  return subject === state.dimensions.tokensPerFamily
}

function timeOut(x: Expansion, next: State, me: Process): void {
  if (next.ambiguities === 0) return
  next.ambiguities--
  next.strays.add(me.subject, 1)
  loseAnswer(me)
  x.emit(next, me, "answered", "times out, the request still on its way")
}

function loseAnswer(me: Process): void {
  me.request = Request.none
  me.answer = 0
  me.phase = Phase.outcomeUnknown
}

function meetNotProcessed(x: Expansion, next: State, me: Process): void {
  const { presentation } = me
  if (presentation === Presentation.lastTry) next.lastTries.add(me.subject, -1)
  if (presentation === Presentation.repeat && x.options.notProcessedAfterUnknown === "keep") {
    me.phase = Phase.outcomeUnknown
    return x.emit(next, me, "answered", "gets 429, keeps its claim")
  }
  startRelease(me, After.idle)
  x.emit(next, me, "answered", "gets 429: gives the claim up")
}
