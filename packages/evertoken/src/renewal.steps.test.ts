import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import type { Presentation } from "./events.js"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { Simulation, type ProcessOptions } from "./testing/internal/simulation.js"

class World extends Simulation {
  readonly refreshToken = this.issuer.signIn()

  rotating(options: ProcessOptions = {}) {
    return this.start(new ScriptedSource(this.issuer, { refreshToken: this.refreshToken }), options)
  }
}

/** How what was sent meanwhile was presented, as the steps tell it. */
async function presentations(action: (world: World) => Promise<void>): Promise<(Presentation | undefined)[]> {
  const log = new EventLog()
  try {
    await action(new World())
  } finally {
    log.end()
  }
  return log.of("step").flatMap(({ step, presentation }) => (step === "sending" ? [presentation] : []))
}

async function killedAfterSending(world: World, options?: ProcessOptions): Promise<void> {
  world.issuer.next("hangs")
  const owner = world.rotating(options)
  owner.tokens.getToken().catch(() => undefined)
  await world.clock.advance(50)
  await owner.kill()
  await world.outcome(world.rotating(options).tokens.getToken())
}

test("a token that nobody has presented before is told to be presented first", async () => {
  const told = await presentations(async (world) => {
    await world.outcome(world.rotating().tokens.getToken())
  })
  expect(told).toEqual(["first"])
})

test("a retry under the claim of an attempt whose outcome is unknown is told to be a repeat", async () => {
  const told = await presentations(async (world) => {
    world.issuer.next("hangs")
    const { tokens } = world.rotating()
    await world.failure(tokens.getToken())
    await world.clock.advance(20_000)
    await world.outcome(tokens.getToken())
  })
  expect(told).toEqual(["first", "repeat"])
})

test("presenting the token of an owner that was killed after sending is told to be a last try", async () => {
  expect(await presentations((world) => killedAfterSending(world))).toEqual(["first", "last-try"])
})

test("within the issuer's leeway it is told to be that", async () => {
  const told = await presentations((world) => killedAfterSending(world, { reuseLeewayMs: 30_000 }))
  expect(told).toEqual(["first", "within-leeway"])
})

test("no step but the sending tells of a presentation", async () => {
  const log = new EventLog()
  const world = new World()
  await world.outcome(world.rotating().tokens.getToken())
  log.end()
  const others = log.of("step").filter(({ step }) => step !== "sending")
  expect(others.length).toBeGreaterThan(0)
  expect(others.filter(({ presentation }) => presentation !== undefined)).toEqual([])
})

test("every step of a renewal is told, in the order of the protocol", async () => {
  const log = new EventLog()
  const world = new World()
  await world.outcome(world.rotating().tokens.getToken())
  log.end()
  const steps = log.of("step").map(({ step }) => step)
  const inOrder = ["looked", "claimed", "looked-again", "marked", "sending", "answered", "committed", "released"]
  expect(steps).toEqual(inOrder)
})

test("a claim that is given back without a renewal is told to be released", async () => {
  const log = new EventLog()
  const world = new World()
  world.issuer.next("too-many")
  await world.failure(world.rotating().tokens.getToken())
  log.end()
  const steps = log.of("step").map(({ step }) => step)
  expect(steps).toEqual(["looked", "claimed", "looked-again", "marked", "sending", "released"])
})

test("who shares its tokens with nobody claims nothing", async () => {
  const log = new EventLog()
  const world = new World()
  const tokens = new CachedTokenSource(new ScriptedSource(world.issuer), { clock: world.clock })
  await world.outcome(tokens.getToken())
  world.issuer.next("too-many")
  const newerThan = await tokens.getToken()
  await world.failure(tokens.getToken({ newerThan }))
  log.end()
  const steps = log.of("step").map(({ step }) => step)
  expect(steps).toEqual(["looked", "sending", "answered", "committed", "looked", "sending"])
})
