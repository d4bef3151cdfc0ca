import { describe, expect, test } from "vitest"
import { CachedTokenSource } from "../cached-token-source.js"
import type { RenewalStep } from "../events.js"
import { seededRandom } from "../random.js"
import { atStep } from "../testing/internal/event-log.js"
import { MemoryRows } from "../testing/internal/memory-rows.js"
import { ScriptedSource } from "../testing/internal/scripted-source.js"
import { KEY, Simulation } from "../testing/internal/simulation.js"
import type { Token } from "../token.js"
import { RowTokenCache } from "./row-token-cache.js"

const LATENCY_MS = 10
const REAUTHENTICATION = { code: "ERR_REAUTHENTICATION_REQUIRED" }

/** Processes over one table whose rows go with a sign-out, one issuer, one clock. */
class World extends Simulation {
  readonly rows = new MemoryRows(this.clock, LATENCY_MS)
  #started = 0

  process({ singleUse = true, behindMs = 0 } = {}) {
    const random = seededRandom(++this.#started)
    const { clock, issuer } = this
    const ofHost = {
      now: () => clock.now() - behindMs,
      monotonic: () => clock.monotonic(),
      setTimer: clock.setTimer.bind(clock),
    }
    const cache = new RowTokenCache(this.rows, { absence: "signed-out", clock: ofHost, random })
    const source = new ScriptedSource(issuer, { singleUse })
    const tokens = new CachedTokenSource(source, { key: KEY, caches: [cache], clock, random })
    // what is fresh is served from memory, until somebody looks
    tokens.changes().subscribe()
    return { cache, tokens }
  }

  /** What an interactive sign-in gives: the first token of a family. */
  async signedInToken(): Promise<Token> {
    return this.outcome(this.issuer.request(this.issuer.signIn(), undefined))
  }

  async settled(): Promise<void> {
    await this.clock.advance(60_000)
  }
}

type Process = ReturnType<World["process"]>

async function renewing() {
  const world = new World()
  const [one, two, three] = [world.process(), world.process(), world.process()]
  const token = await world.signedInToken()
  await world.outcome(one.tokens.signIn(token))
  await world.outcome(two.tokens.getToken())
  const renewal = () => world.begin(one.tokens.getToken({ newerThan: token }))
  return { world, one, two, three, token, renewal }
}

async function servesAll(world: World, token: Token, processes: readonly Process[]): Promise<void> {
  for (const { tokens } of processes) {
    expect((await world.outcome(tokens.getToken())).accessToken).toBe(token.accessToken)
  }
}

const STEPS: readonly RenewalStep[] = ["looked", "claimed", "looked-again", "marked", "sending", "answered"]

describe.each(["another process", "the same process"])("a user signs out in %s", (where) => {
  test.each(STEPS)("when a renewal is %s: no row is left, and nobody puts one back", async (step) => {
    const { world, one, two, renewal } = await renewing()
    atStep(step, () => void world.begin((where === "the same process" ? one : two).tokens.signOut()))
    void renewal()
    await world.settled()
    expect(world.rows.values.size).toBe(0)
    for (const { tokens } of [one, two]) expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
    await world.settled()
    expect(world.rows.values.size).toBe(0)
    expect(world.issuer.replayed).toEqual([])
  })
})

// every call to the database and to the issuer is under way at one of these moments
const MOMENTS = Array.from({ length: 130 }, (_, i) => i * 2 + 1)

test.each(["one", "two"] as const)(
  "at whatever moment of a renewal %s signs out, no row is left, and a new sign-in serves all",
  async (who) => {
    for (const moment of MOMENTS) {
      const scene = await renewing()
      const { world, one, two, three, renewal } = scene
      void renewal()
      await world.clock.advance(moment)
      await world.outcome(scene[who].tokens.signOut())
      await world.settled()
      expect(world.rows.values.size, `signed out after ${moment} ms`).toBe(0)
      const again = await world.signedInToken()
      await world.outcome(three.tokens.signIn(again))
      await world.settled()
      await servesAll(world, again, [one, two, three])
      expect(world.issuer.replayed).toEqual([])
    }
  },
)

test("at whatever moment of a renewal a user signs out and in again, the new sign-in stays, and serves all", async () => {
  for (const moment of MOMENTS) {
    const { world, one, two, three, renewal } = await renewing()
    const again = await world.signedInToken()
    void renewal()
    await world.clock.advance(moment)
    await world.outcome(two.tokens.signOut())
    await world.outcome(three.tokens.signIn(again))
    await world.settled()
    const record = await world.outcome(three.cache.get(KEY))
    expect(record?.token?.accessToken, `after ${moment} ms`).toBe(again.accessToken)
    await servesAll(world, again, [one, two, three])
    expect(world.issuer.replayed).toEqual([])
  }
})

test("at whatever moment of a renewal a user signs in once more, the sign-in stays, and serves all", async () => {
  for (const moment of MOMENTS) {
    const { world, one, two, three, renewal } = await renewing()
    const again = await world.signedInToken()
    void renewal()
    await world.clock.advance(moment)
    await world.outcome(three.tokens.signIn(again))
    await world.settled()
    expect((await world.outcome(two.cache.get(KEY)))?.token?.accessToken, `after ${moment} ms`).toBe(again.accessToken)
    await servesAll(world, again, [one, two, three])
    expect(world.issuer.replayed).toEqual([])
  }
})

test.each([true, false])(
  "a sign-in on a host whose clock is far behind is not undone by who takes it for older (who has seen the sign-out: %s)",
  async (hasSeenIt) => {
    const { world, one, two, token } = await renewing()
    const behind = world.process({ behindMs: 60_000 })
    await world.outcome(two.cache.delete(KEY))
    if (hasSeenIt) await world.settled()
    const again = await world.signedInToken()
    // it has never seen what was there
    const fresh = world.process({ behindMs: 60_000 + (hasSeenIt ? 60_000 : 0) })
    await world.outcome(fresh.tokens.signIn(again))
    for (const { tokens } of [one, two]) {
      const renewal = tokens.getToken({ newerThan: token })
      expect(await world.failure(renewal)).toMatchObject({ code: "ERR_TOKEN_CACHE" })
    }
    expect((await world.outcome(behind.cache.get(KEY)))?.token?.accessToken).toBe(again.accessToken)
    // who begins anew is served, there, too
    const anew = new CachedTokenSource(new ScriptedSource(world.issuer, { singleUse: true }), {
      key: KEY,
      caches: [one.cache],
      clock: world.clock,
    })
    expect((await world.outcome(anew.getToken())).accessToken).toBe(again.accessToken)
    expect(world.issuer.replayed).toEqual([])
  },
)

test("a renewal whose outcome nobody knows ends with a sign-out elsewhere, and leaves nothing", async () => {
  for (const behaviour of ["reset", "answer-lost", "unavailable", "hangs", "hangs-processed"] as const) {
    const { world, one, two, renewal } = await renewing()
    world.issuer.next(behaviour)
    void renewal()
    await world.clock.advance(30_000)
    await world.outcome(two.tokens.signOut())
    await world.settled()
    expect(world.rows.values.size, behaviour).toBe(0)
    for (const { tokens } of [one, two]) expect(await world.failure(tokens.getToken())).toMatchObject(REAUTHENTICATION)
    for (const { tokens } of [one, two]) await world.outcome(tokens.close())
  }
})

test("whatever three processes do at once, a sign-out leaves no row, and a sign-in serves all", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed)
    const { world, one, two, three } = await renewing()
    const processes = [one, two, three]
    const any = () => processes[Math.floor(random() * processes.length)] ?? one
    const renew = async ({ tokens }: Process) => tokens.getToken({ newerThan: await tokens.getToken(), insist: true })
    const signIns: Token[] = []
    for (let action = 0; action < 15; action++) signIns.push(await world.signedInToken())
    for (const signIn of signIns) {
      const chance = random()
      if (chance < 0.2) world.issuer.next(chance < 0.1 ? "reset" : "refused")
      const { tokens } = any()
      if (chance < 0.6) void world.begin(renew(any()))
      else if (chance < 0.8) void world.begin(tokens.signOut())
      else void world.begin(tokens.signIn(signIn))
      await world.clock.advance(random() * 400)
    }
    world.issuer.forgetScript()
    await world.settled()
    await world.outcome(any().tokens.signOut())
    await world.settled()
    expect(world.rows.values.size, `seed ${seed}`).toBe(0)
    const token = await world.signedInToken()
    await world.outcome(any().tokens.signIn(token))
    await world.settled()
    await servesAll(world, token, processes)
    expect(world.issuer.replayed, `seed ${seed}`).toEqual([])
    for (const { tokens } of processes) await world.outcome(tokens.close())
  }
})
