import { getEventListeners } from "node:events"
import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { Deferred } from "./testing/internal/deferred.js"
import { TokenWatcher } from "./token-watcher.js"
import type { Token } from "./token.js"
import { whenAborted } from "./when-aborted.js"

test("all who wait under one signal are told, each once, and none that has let go", () => {
  const patience = new AbortController()
  const told: string[] = []
  const release = ["a", "b", "c"].map((name) => whenAborted(patience.signal, () => told.push(name)))
  release[1]?.()
  patience.abort()
  for (const each of release) each()
  expect(told).toEqual(["a", "c"])
})

test("a signal that all have let go is as it was, and can be waited under again", () => {
  const patience = new AbortController()
  const told: string[] = []
  whenAborted(patience.signal, () => told.push("gone"))()
  expect(getEventListeners(patience.signal, "abort")).toEqual([])
  whenAborted(patience.signal, () => told.push("told"))
  patience.abort()
  expect(told).toEqual(["told"])
})

test("any number of callers under one signal are one listener, which Node.js takes for no leak", async () => {
  const patience = new AbortController()
  const { signal } = patience
  const cached = new CachedTokenSource({ getToken: () => new Deferred<Token>().promise })
  const watcher = await TokenWatcher.start(cached, { lazy: true })
  const callers = Array.from({ length: 20 }, () => [cached.getToken({ signal }), watcher.getToken({ signal })]).flat()
  const outcomes = Promise.allSettled(callers)
  await Promise.resolve()
  expect(getEventListeners(signal, "abort")).toHaveLength(1)
  patience.abort("enough")
  expect(new Set((await outcomes).map((outcome) => "reason" in outcome && String(outcome.reason)))).toEqual(
    new Set(["enough"]),
  )
  await watcher.close()
})
