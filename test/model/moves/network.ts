import type { Expansion } from "../expansion.js"
import { issuerProcesses } from "../issuer.js"
import { Phase, recordOf, Request } from "../vocabulary.js"

// a repeatable token's numbers must end somewhere
const MOST_REPEATABLE = 20

/** The issuer's and the network's part of a request that is under way. */
export function answerRequest(x: Expansion, index: number): void {
  const { phase, request, subject } = x.from.process(index)
  if (phase !== Phase.waiting || request !== Request.underWay) return
  grantOrRefuse(x, index, subject)
  if (x.from.refusals > 0) {
    const next = x.successor()
    next.refusals--
    next.process(index).request = Request.notProcessed
    x.emit(next, next.process(index), "issuer-answered", "429, not processed")
  }
  if (x.from.ambiguities > 0) answerServerError(x, index, subject)
}

/** Requests that nobody listens to any more may reach the issuer at any time, or never. */
export function moveStrays(x: Expansion): void {
  const { subjects } = x.from.dimensions
  for (let subject = 0; subject < subjects; subject++) {
    if (x.from.strays.get(subject) === 0) continue
    processStray(x, subject)
    const vanished = x.successor()
    vanished.strays.add(subject, -1)
    x.emit(vanished, undefined, "stray-request", `abandoned request ${x.nameOf(subject)} vanishes`)
  }
}

function grantOrRefuse(x: Expansion, index: number, subject: number): void {
  const next = x.successor()
  const process = next.process(index)
  const { request, token } = issuerProcesses(next, subject, x.options)
  process.request = request
  if (request === Request.granted) process.answer = recordOf(token)
  const detail = request === Request.granted ? `200 with ${x.nameOf(token)}` : "invalid_grant"
  if (next.newest.get(0) <= MOST_REPEATABLE) x.emit(next, process, "issuer-answered", detail)
}

function answerServerError(x: Expansion, index: number, subject: number): void {
  const unprocessed = x.successor()
  unprocessed.ambiguities--
  unprocessed.process(index).request = Request.serverError
  x.emit(unprocessed, unprocessed.process(index), "issuer-answered", "5xx, not processed")
  const processed = x.successor()
  processed.ambiguities--
  issuerProcesses(processed, subject, x.options)
  processed.process(index).request = Request.serverError
  const isEndless = processed.newest.get(0) > MOST_REPEATABLE
  if (!isEndless) x.emit(processed, processed.process(index), "issuer-answered", "5xx, processed")
}

function processStray(x: Expansion, subject: number): void {
  const next = x.successor()
  const family = next.familyOf(subject)
  next.strays.add(subject, -1)
  const wasRevoked = next.revoked.get(family) !== 0
  const isSpent = x.isSingleUse && subject < next.newest.get(family) && !wasRevoked
  issuerProcesses(next, subject, x.options)
  if (isSpent && next.revoked.get(family) !== 0) {
    x.listener.suffered("family revoked by a late request that a retry or last try had overtaken")
  }
  const detail = `issuer processes abandoned request ${x.nameOf(subject)}${isSpent ? " (spent)" : ""}`
  if (x.isSingleUse || x.from.newest.get(0) < MOST_REPEATABLE) x.emit(next, undefined, "stray-request", detail)
}
