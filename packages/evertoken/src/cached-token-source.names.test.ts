import { expect, onTestFinished, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { onTokenEvent } from "./events.js"
import { SharedStore } from "./testing/internal/shared-store.js"
import { Simulation } from "./testing/internal/simulation.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import type { CommitOptions, StoredToken } from "./token-cache.js"
import { tokenSourceFrom } from "./token-source-from.js"
import type { TokenSource } from "./token-source.js"

const clock = new VirtualClock()
const loginOf = (user: string) => tokenSourceFrom(() => `token-of-${user}`, { lifetimeMs: 3_600_000, clock })

test("two logins without a name that share a store under one record are told apart by their keys", async () => {
  const store = new SharedStore(clock)
  // a store of one record, such as a single file: it does not see the keys
  const failed: unknown[] = []
  onTestFinished(onTokenEvent("cache-failed", (event) => failed.push(event)))
  const cache = (key: string) => {
    const connection = store.open()
    const [get, commit] = [connection.get.bind(connection), connection.commit.bind(connection)]
    Object.assign(connection, {
      get: () => get("the only one"),
      commit: (_: string, ...rest: [StoredToken, CommitOptions]) => commit("the only one", ...rest),
    })
    return new CachedTokenSource(loginOf(key), { caches: [connection], key, clock })
  }
  expect((await cache("alice").getToken()).accessToken).toBe("token-of-alice")
  expect((await cache("bob").getToken()).accessToken).toBe("token-of-bob")
  expect(failed).toEqual([])
})

test("the record of a refresh token is found again when other scopes are asked for; that of a client's own tokens is another one", () => {
  const keyOf = (source: Partial<TokenSource>) =>
    new CachedTokenSource(
      { fingerprint: "grant.access", getToken: () => Promise.reject(new Error()), ...source },
      { caches: [new SharedStore(clock).open()] },
    ).key
  expect(keyOf({ singleUse: true })).toBe("grant")
  expect(keyOf({ lineage: "0123456789abcdef" })).toBe("grant")
  expect(keyOf({})).toBe("grant.access")
})

test("each version of a record has a claim of its own", async () => {
  const world = new Simulation()
  const claimed: unknown[] = []
  onTestFinished(
    onTokenEvent("step", ({ step, what }) => {
      if (step === "claimed") claimed.push(what)
    }),
  )
  const { tokens } = world.start(
    tokenSourceFrom(() => `token-${claimed.length}`, { name: "login", lifetimeMs: 3_600_000, clock: world.clock }),
  )
  for (let renewals = 0; renewals < 3; renewals++) {
    await world.outcome(tokens.getToken())
    await world.clock.advance(3_600_000)
  }
  expect(claimed).toEqual(["v0", expect.stringMatching(/^v1-.+/), expect.stringMatching(/^v2-.+/)])
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
