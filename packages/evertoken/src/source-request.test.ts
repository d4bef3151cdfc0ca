import { expect, test } from "vitest"
import { sourceClosed } from "./renewal-errors.js"
import { SourceRequest } from "./source-request.js"
import { Deferred } from "./testing/internal/deferred.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import type { TokenSource } from "./token-source.js"

test("what is given up as its turn comes is not asked any more", async () => {
  const turn = new Deferred<void>()
  let asked = 0
  const source: TokenSource = {
    getToken: () => {
      asked++
      return new Promise(() => undefined)
    },
  }
  const request = new SourceRequest(source, {
    clock: new VirtualClock(),
    timeoutMs: 10_000,
    inTurn: async (task) => {
      await turn.promise
      return task()
    },
  })
  const answer = request.send()
  const reason = sourceClosed()
  turn.resolve()
  request.abort(reason)
  expect([await answer, asked]).toEqual([reason, 0])
})

test("whoever asks another source by a copy of the request hands its signal on", async () => {
  const reason = sourceClosed()
  const signals: (AbortSignal | undefined)[] = []
  const inner: TokenSource = {
    getToken: (request) => {
      signals.push(request?.signal)
      return new Promise(() => undefined)
    },
  }
  const outer: TokenSource = { getToken: (request) => inner.getToken({ ...request, minimumValidityMs: 60_000 }) }
  const request = new SourceRequest(outer, { clock: new VirtualClock(), timeoutMs: 10_000 })
  const answer = request.send({})
  request.abort(reason)
  expect([await answer, signals.map((signal) => signal?.reason as unknown)]).toEqual([reason, [reason]])
})
