import { leaveClaims } from "../claims.js"
import type { Expansion } from "../expansion.js"
import { effectiveGeneration, recordAt } from "../generations.js"
import type { Process, State } from "../state.js"
import { After, NOTHING, Owner, Phase, phaseName, Request } from "../vocabulary.js"
import { abandon, keepsItsClaim } from "./repeat.js"
import { adopt, finish, forgetToken, startRelease } from "./transitions.js"

export function restart(x: Expansion, next: State, me: Process): void {
  me.alive = 1
  me.phase = Phase.idle
  x.emit(next, me, "restarted", "starts with nothing in memory")
}

export function kill(x: Expansion, index: number): void {
  const { phase, request, subject, heldRecord } = x.from.process(index)
  if (x.from.crashes === 0 || (phase === Phase.idle && heldRecord === NOTHING)) return
  const next = x.successor()
  const me = next.process(index)
  next.crashes--
  if (phase === Phase.waiting && request === Request.underWay) next.strays.add(subject, 1)
  finish(me, After.restart)
  me.alive = 0
  me.frozen = 0
  leaveClaims(next, me)
  x.emit(next, me, "killed", `at ${phaseName(phase)}`)
}

/** Stopped for longer than the heartbeat allows: others believe it is gone, and it does not know. */
export function freeze(x: Expansion, index: number): void {
  const { phase, claimNumber } = x.from.process(index)
  if (x.from.freezes === 0 || claimNumber === 0) return
  const next = x.successor()
  next.freezes--
  next.process(index).frozen = 1
  x.emit(next, next.process(index), "frozen", `at ${phaseName(phase)}, deemed gone`)
}

export function thaw(x: Expansion, next: State, me: Process): void {
  me.frozen = 0
  noticePause(me)
  x.emit(next, me, "thawed", "goes on")
}

/** More than 5 s have gone by, and an owner can see it. */
export function noticePause(me: Process): void {
  if (me.claimNumber !== 0 && me.phase !== Phase.releasing) me.paused = 1
}

/** Ends in good order what it can, and starts over with nothing in memory. A write under way is waited for. */
export function close(x: Expansion, index: number): void {
  const { phase, hasSent, subject, request, claimNumber, heldRecord } = x.from.process(index)
  if (x.from.closes === 0 || (phase === Phase.idle && heldRecord === NOTHING)) return
  const next = x.successor()
  const me = next.process(index)
  next.closes--
  if (keepsItsClaim(me)) {
    if (phase === Phase.waiting && request === Request.underWay) next.strays.add(subject, 1)
    abandon(next, me, After.restart)
    return x.emit(next, me, "closed", `at ${phaseName(phase)}: abandons its claim`)
  }
  if (hasSent !== 0 || phase === Phase.releasing) return
  const hasClaim = claimNumber !== 0 && x.from.owners.get(subject, claimNumber) === Owner.firstProcess + me.index
  if (hasClaim) startRelease(me, After.restart)
  else finish(me, After.restart)
  x.emit(next, me, "closed", `at ${phaseName(phase)}`)
}

/** A new refresh token is configured, and the process started with it. */
export function configure(x: Expansion, index: number): void {
  const { phase, configured } = x.from.process(index)
  if (x.from.configurations === 0 || phase !== Phase.idle || configured !== 0) return
  const next = x.successor()
  const me = next.process(index)
  next.configurations--
  me.configured = 1
  forgetToken(me)
  x.emit(next, me, "configured", "starts with a new refresh token in its configuration")
}

/** What another writes may be adopted while a request is under way. */
export function notice(x: Expansion, index: number): void {
  const { phase, heldGeneration } = x.from.process(index)
  const isAsleep = phase === Phase.idle || phase === Phase.reauthentication
  const isAbout = phase === Phase.waiting || phase === Phase.outcomeUnknown || phase === Phase.linking
  if (!x.options.notices || isAsleep || !isAbout) return
  const generation = effectiveGeneration(x.from, x.options)
  if (generation <= heldGeneration) return
  const next = x.successor()
  const me = next.process(index)
  adopt(me, generation, recordAt(next, generation))
  x.emit(next, me, "noticed", `adopts v${generation} meanwhile`)
}
