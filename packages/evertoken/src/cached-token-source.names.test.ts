import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { onTokenEvent } from "./events.js"
import { SharedStore } from "./testing/internal/shared-store.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { tokenSourceFrom } from "./token-source-from.js"

const clock = new VirtualClock()
const loginOf = (user: string) => tokenSourceFrom(() => `token-of-${user}`, { lifetimeMs: 3_600_000, clock })

test("two logins without a name that share a store under one record are told apart by their keys", async () => {
  const store = new SharedStore(clock)
  // a store of one record, such as a single file: it does not see the keys
  const cache = (key: string) => {
    const connection = store.open()
    const get = () => connection.get("the only one")
    const commit: typeof connection.commit = (_, record, options) => connection.commit("the only one", record, options)
    return new CachedTokenSource(loginOf(key), { caches: [Object.assign(connection, { get, commit })], key, clock })
  }
  expect((await cache("alice").getToken()).accessToken).toBe("token-of-alice")
  expect((await cache("bob").getToken()).accessToken).toBe("token-of-bob")
})

test("a source without a name needs a key in a store that others share", () => {
  const caches = [new SharedStore(clock).open()]
  expect(() => new CachedTokenSource(loginOf("alice"), { caches })).toThrow(
    new TypeError(
      "key is needed: a cache that others share cannot tell whose token it is; give tokenSourceFrom a name, or CachedTokenSource a key",
    ),
  )
  expect(new CachedTokenSource(loginOf("alice"))).toBeInstanceOf(CachedTokenSource)
})

test("a process's own renewal is not told as adopted, though it hears of its own write", async () => {
  const store = new SharedStore(clock)
  const tokens = new CachedTokenSource(loginOf("alice"), { caches: [store.open()], key: "alice", clock })
  const told: string[] = []
  const ends = [
    onTokenEvent("adopted", () => told.push("adopted")),
    onTokenEvent("renewed", () => told.push("renewed")),
  ]
  const subscription = tokens.changes().subscribe()
  await tokens.getToken()
  await clock.advance(1_000)
  expect(told).toEqual(["renewed"])
  subscription.unsubscribe()
  for (const end of ends) end()
})
