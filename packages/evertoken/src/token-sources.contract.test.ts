import { describe, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import { seededRandom } from "./random.js"
import { StaticTokenSource } from "./static-token-source.js"
import { tokenSourceContract, type TokenSourceUnderTest } from "./testing/token-source-contract.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { tokenSourceFrom } from "./token-source-from.js"
import type { TokenSource } from "./token-source.js"
import { TokenWatcher } from "./token-watcher.js"

const ACCESS_TOKEN = "s3cret-access-token"
const REFRESH_TOKEN = "s3cret-refresh-token"
const ANSWER = "s3cret-answer"
const LIFETIME_MS = 3_600_000

/** A login of an application's own that works, until it is told not to. */
function login(clock: VirtualClock) {
  let state: "well" | "failing" | "stalled" = "well"
  const ask = async () => {
    if (state === "failing") throw Object.assign(new Error(ANSWER), { response: { body: ANSWER } })
    if (state === "stalled") return new Promise<never>(() => {})
    return { accessToken: ACCESS_TOKEN, refreshToken: REFRESH_TOKEN }
  }
  return {
    source: tokenSourceFrom(ask, { name: "login", lifetimeMs: LIFETIME_MS, clock }),
    become: (next: typeof state) => void (state = next),
  }
}

/** `wrap` around a login; what is at hand is over by the time it no longer works. */
async function around(
  wrap: (source: TokenSource, clock: VirtualClock) => Promise<TokenSource> | TokenSource,
): Promise<TokenSourceUnderTest> {
  const clock = new VirtualClock()
  const { source: inner, become } = login(clock)
  const source = await wrap(inner, clock)
  const outlive = async (state: Parameters<typeof become>[0]) => {
    become(state)
    await clock.advance(LIFETIME_MS)
  }
  return {
    source,
    secrets: [ACCESS_TOKEN, REFRESH_TOKEN, ANSWER],
    fail: () => outlive("failing"),
    stall: () => outlive("stalled"),
    dispose: async () => source.close?.({ timeoutMs: 0 }),
  }
}

describe("StaticTokenSource keeps the contract of a token source", () => {
  tokenSourceContract({
    test,
    waits: false,
    create: async () => {
      const clock = new VirtualClock()
      const source = new StaticTokenSource(ACCESS_TOKEN, { clock, lifetimeMs: LIFETIME_MS })
      return { source, secrets: [ACCESS_TOKEN], fail: () => clock.advance(LIFETIME_MS) }
    },
  })
})

describe("tokenSourceFrom gives what keeps the contract of a token source", () => {
  tokenSourceContract({ test, create: () => around((source) => source) })
})

describe("CachedTokenSource keeps the contract of a token source", () => {
  tokenSourceContract({ test, create: () => around((source, clock) => new CachedTokenSource(source, { clock })) })
})

describe("TokenWatcher keeps the contract of a token source", () => {
  tokenSourceContract({
    test,
    create: () => around((source, clock) => TokenWatcher.start(source, { clock, random: seededRandom(1) })),
  })
})

describe("TokenWatcher over a CachedTokenSource keeps the contract of a token source", () => {
  tokenSourceContract({
    test,
    create: () =>
      around((source, clock) => {
        const random = seededRandom(1)
        return TokenWatcher.start(new CachedTokenSource(source, { clock, random }), { clock, random })
      }),
  })
})
