import { inspect } from "node:util"
import { expect, test } from "vitest"
import { STORE_CANARY } from "./testing/internal/faults.js"
import { EventLog } from "./testing/internal/event-log.js"
import { ScriptedSource } from "./testing/internal/scripted-source.js"
import { Simulation } from "./testing/internal/simulation.js"
import type { Behaviour } from "./testing/internal/strict-issuer.js"
import { Token, type TokenFields } from "./token.js"

const BEHAVIOURS: readonly Behaviour[] = [
  "well",
  "same-token",
  "bare",
  "answer-lost",
  "reset",
  "unavailable",
  "over-at-once",
  "refused",
  "too-many",
  "invalid-client",
  "hangs",
  "invalid-grant",
]

function everythingOf(value: unknown): string {
  return [inspect(value, { depth: 10, showHidden: true }), JSON.stringify(value), String(value)].join("\n")
}

function expectNoSecret(value: unknown): void {
  const shown = everythingOf(value)
  expect(shown).not.toMatch(/canary/)
  expect(shown).not.toContain(STORE_CANARY)
}

test("the canaries would be seen: a token gives them to whoever reads its fields, and no other way", async () => {
  const world = new Simulation()
  const refreshToken = world.issuer.signIn()
  const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken }))
  const token = await world.outcome(tokens.getToken())
  const { accessToken, idToken, authorization } = token
  for (const secret of [accessToken, token.refreshToken, idToken, authorization]) {
    expect(secret).toMatch(/canary/)
    expect(() => expectNoSecret({ secret })).toThrow()
  }
  expectNoSecret(token)
})

test("no event and no error tells a secret, whatever issuer and store do", async () => {
  const log = new EventLog()
  const errors: unknown[] = []
  for (const behaviour of BEHAVIOURS) {
    for (const faulty of [undefined, "commit", "claim.release", "get", "claim.take"] as const) {
      const world = new Simulation()
      const refreshToken = world.issuer.signIn()
      const { tokens, connection } = world.start(new ScriptedSource(world.issuer, { refreshToken }))
      const token = await world.outcome(tokens.getToken())
      world.issuer.next(behaviour)
      if (faulty !== undefined) connection.faults.plan(faulty, "fails", 2)
      for (let attempt = 0; attempt < 3; attempt++) {
        await world.outcome(tokens.getToken({ newerThan: token }).catch((error: unknown) => errors.push(error)))
        await world.clock.advance(20_000)
      }
      await world.outcome(tokens.signOut().catch((error: unknown) => errors.push(error)))
      await world.outcome(tokens.close())
    }
  }
  log.end()
  for (const name of ["renewed", "renewal-failed", "cache-failed", "unwritten", "step"] as const) {
    expect(log.of(name), name).not.toHaveLength(0)
  }
  expect(errors).toContainEqual(expect.objectContaining({ code: "ERR_TOKEN_RESPONSE" }))
  expectNoSecret(log.all)
  for (const error of errors) expectNoSecret(error)
})

test("what a source throws that is no TokenError is told by its name and code alone", async () => {
  const world = new Simulation()
  const foreign = Object.assign(new Error("body: canary"), { code: "ECONNRESET", response: { body: "canary" } })
  const renamed = Object.assign(new Error("no"), { name: "canary is no name", code: "canary, too" })
  const anything: readonly unknown[] = [foreign, "canary", { canary: true }, renamed]
  for (const [index, thrown] of anything.entries()) {
    const getToken = () => Promise.reject(thrown)
    const { tokens } = world.start({ getToken }, { key: `key-${index}` })
    const error = await world.failure(tokens.getToken())
    expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true, ambiguous: true })
    expectNoSecret(error)
    if (thrown === foreign) expect(String(error)).toContain("Error ECONNRESET")
  }
})

test("what is wrong with a token that a source makes is told by the name of its field, whatever became of the error", async () => {
  const world = new Simulation()
  const getToken = async () => {
    try {
      return new Token({ accessToken: "canary", issuedAt: 0, expiresAt: 1 } as TokenFields)
    } catch (error) {
      throw Object.assign(error as TypeError, { message: "body: canary" })
    }
  }
  const { tokens } = world.start({ getToken })
  const error = await world.failure(tokens.getToken())
  const message = "the token source failed: token: staleAt must be epoch milliseconds, a finite number"
  expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", message })
  expectNoSecret(error)
})

test("a source that gives no token at all, or throws at once, is told so", async () => {
  const world = new Simulation()
  const { tokens } = world.start({ getToken: () => Promise.resolve("canary" as never) })
  const error = await world.failure(tokens.getToken())
  expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: false })
  expectNoSecret(error)
  const throwing = world.start({
    getToken: () => {
      throw new Error("canary")
    },
  })
  const thrown = await world.failure(throwing.tokens.getToken())
  expect(thrown).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true })
  expectNoSecret(thrown)
})

test("the source itself shows nothing of the token it holds", async () => {
  const world = new Simulation()
  const { tokens } = world.start(new ScriptedSource(world.issuer, { refreshToken: world.issuer.signIn() }))
  await world.outcome(tokens.getToken())
  expectNoSecret(tokens)
  expectNoSecret(tokens.key)
  expectNoSecret(tokens.fingerprint)
})
