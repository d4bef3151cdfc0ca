import { highestClaim, holdsClaim } from "../claims.js"
import type { Expansion } from "../expansion.js"
import type { Process, State } from "../state.js"
import { After, describePresentation, Mark, Phase, Presentation, Request } from "../vocabulary.js"
import { startRelease } from "./transitions.js"

/** The write-ahead intent. */
export function mark(x: Expansion, next: State, me: Process): void {
  const isLastTry = me.presentation === Presentation.lastTry
  next.marks.set(me.subject, me.claimNumber, isLastTry ? Mark.lastTry : Mark.sent)
  me.phase = Phase.beforeSending
  x.emit(next, me, "marked", `writes sent mark ${me.claimNumber}`)
}

/** Whether the claim is held still, and no higher one there. As coded, that and the sending are two steps. */
export function checkBeforeSending(x: Expansion, next: State, me: Process): void {
  const isAsCoded = x.options.granularity === "as-coded"
  if (!isAsCoded && !passesPauseRule(x, me)) return
  const isFirst = me.hasSent === 0
  if (x.options.recheck && x.isSingleUse && isFirst && !isHeld(next, me)) {
    startRelease(me, After.look)
    return x.emit(next, me, "checked", "sees a higher claim, or its own gone: starts over")
  }
  if (!isAsCoded) return send(x, next, me)
  me.phase = Phase.sending
  x.emit(next, me, "checked", "still holds its claim")
}

/** As coded: the pause is judged last, and nothing is waited for between it and the request. */
export function judgePauseAndSend(x: Expansion, next: State, me: Process): void {
  if (passesPauseRule(x, me)) send(x, next, me)
}

export function isHeld(state: State, me: Process): boolean {
  return highestClaim(state, me.subject) <= me.claimNumber && holdsClaim(state, me)
}

/** Emits that more than 5 s have gone by, which may be so at any time. @returns whether they may not have. */
function passesPauseRule(x: Expansion, me: Process): boolean {
  const isAnySend = x.options.pauseRule === "any-send"
  const isFirst = me.hasSent === 0 && me.presentation !== Presentation.repeat
  if (isAnySend || isFirst) {
    const late = x.successor()
    startRelease(late.process(me.index), After.look)
    x.emit(late, me, "checked", "more than 5 s: starts over")
  }
  return me.paused === 0 || me.hasSent !== 0
}

function send(x: Expansion, next: State, me: Process): void {
  const { subject } = me
  const detail = `sends ${x.nameOf(subject)} (${describePresentation(me.presentation)})`
  const rule = x.isSingleUse ? brokenBySingleUse(x, next, me) : brokenByRepeatable(x, next, me)
  if (x.isSingleUse && me.presentation === Presentation.lastTry) next.lastTries.add(subject, 1)
  me.phase = Phase.waiting
  me.request = Request.underWay
  me.hasSent = 1
  me.paused = 0
  if (rule === undefined) x.emit(next, me, "sending", detail)
  else x.emitViolation(rule, next, me, "sending", detail)
}

function brokenBySingleUse(x: Expansion, next: State, me: Process): string | undefined {
  const { subject, presentation } = me
  const family = next.familyOf(subject)
  const isSpent = subject < next.newest.get(family)
  const isRevoked = next.revoked.get(family) !== 0
  if (presentation === Presentation.first) {
    const isUnknown = isSpent || next.strays.get(subject) > 0 || othersWaitFor(next, me)
    if (isUnknown && !isRevoked) return "I1: presented as if first, though spent or possibly in flight"
    return isRevoked && isSpent ? "I1b: presents a token of a family already revoked as if first" : undefined
  }
  if (isRevoked) return undefined
  if (presentation === Presentation.withinLeeway) {
    const isTaken = !isSpent || next.leewayOpen.get(family) !== 0
    return isTaken ? undefined : "I1: leeway try outside of the issuer's window"
  }
  const isSecond = presentation === Presentation.lastTry && next.lastTries.get(subject) >= 1
  return isSecond && x.options.lastTry !== "per-dead-owner" ? "I1: a second last try" : undefined
}

function brokenByRepeatable({ options }: Expansion, next: State, { subject }: Process): string | undefined {
  next.requests.add(subject, 1)
  const { crashes, ambiguities, refusals, failedWrites, overtakings } = options
  const isExcused = crashes + ambiguities + refusals + failedWrites + overtakings > 0
  return next.requests.get(subject) > 1 && !isExcused ? "I5: a second request for one renewal" : undefined
}

function othersWaitFor(state: State, me: Process): boolean {
  return state.processes.some(
    (other) =>
      other.index !== me.index &&
      other.alive !== 0 &&
      other.subject === me.subject &&
      other.phase === Phase.waiting &&
      other.request === Request.underWay,
  )
}
