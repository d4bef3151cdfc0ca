import { expect, test } from "vitest"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { Simulation } from "./testing/internal/simulation.js"
import type { StoreConnection } from "./testing/internal/shared-store.js"
import type { TokenCache } from "./token-cache.js"

const REQUEST_TIMEOUT_AND_PAUSE_MS = 15_000

/** As a file cache whose marks are from the future. */
function withoutTimesOfMarks(connection: StoreConnection): TokenCache {
  return {
    name: "shared",
    durable: true,
    get: (key) => connection.get(key),
    commit: (key, record, options) => connection.commit(key, record, options),
    delete: (key) => connection.delete(key),
    claim(key, subject) {
      const claim = connection.claim(key, subject)
      const look = async () => {
        const view = await claim.look()
        return { ...view, sentAgoMs: view.sentAgoMs === undefined ? undefined : Infinity }
      }
      return { ...claim, look }
    },
  }
}

test.each([
  ["one wait", 20_000, 0],
  ["several", 4_000, 0],
  ["one wait, within a leeway", 20_000, 600_000],
])(
  "owner gone after sending what works once, nobody knows when: a last try only after a request timeout, in %s",
  async (_, claimTimeoutMs, reuseLeewayMs) => {
    const world = new Simulation()
    const refreshToken = world.issuer.signIn()
    const source = () => new ScriptedSource(world.issuer, { refreshToken })
    world.issuer.next("hangs")
    const owner = world.start(source())
    void world.begin(owner.tokens.getToken())
    await world.clock.advance(50)
    await owner.kill()
    const caches = [withoutTimesOfMarks(world.store.open())]
    const { tokens } = world.start(source(), { caches, claimTimeoutMs, reuseLeewayMs })
    const lookedAt = world.clock.monotonic()
    for (let second = 0; second < 60; second++) {
      void world.begin(tokens.getToken())
      await world.clock.advance(1_000)
    }
    const again = world.issuer.requests.slice(1).map(({ at }) => at - lookedAt >= REQUEST_TIMEOUT_AND_PAUSE_MS)
    expect(again).toEqual([true])
    expect(world.issuer.replayed).toEqual([])
  },
)

test("what an owner sent again before it died counts from its death, if nobody knows when it sent", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const source = () => new ScriptedSource(world.issuer, { refreshToken })
  world.issuer.next("reset", "hangs")
  const owner = world.start(source())
  void world.begin(owner.tokens.getToken())
  await world.clock.advance(50)
  const caches = [withoutTimesOfMarks(world.store.open())]
  const { tokens } = world.start(source(), { caches, claimTimeoutMs: 120_000 })
  const getting = world.begin(tokens.getToken())
  while (world.issuer.requests.length < 2) await world.clock.advance(500)
  await owner.kill()
  await world.outcome(getting)
  const [, repeated, lastTry] = world.issuer.requests.map(({ at }) => at)
  expect((lastTry ?? 0) - (repeated ?? 0)).toBeGreaterThanOrEqual(REQUEST_TIMEOUT_AND_PAUSE_MS)
})
