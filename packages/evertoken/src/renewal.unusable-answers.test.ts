import { expect, onTestFinished, test } from "vitest"
import { salvageRefreshToken, TokenError } from "./errors.js"
import { onTokenEvent } from "./events.js"
import { tokenOf } from "./testing/internal/answering-source.js"
import { Simulation } from "./testing/internal/simulation.js"
import type { Clock } from "./clock.js"
import { tokenSourceFrom } from "./token-source-from.js"
import type { Token } from "./token.js"

type Answer = (clock: Clock) => Promise<Token>

const thrown = (error: unknown) => Promise.reject(error)
const throwing = {
  get(): never {
    throw new Error("canary")
  },
}

function unstorable(): TokenError {
  const error = new TokenError("ERR_TOKEN_RESPONSE_INVALID", "not valid", { transient: true, ambiguous: true })
  salvageRefreshToken(error, "with a line end\n")
  return error
}

const answers: readonly (readonly [string, Answer])[] = [
  ["a refresh token that no record can hold", () => thrown(unstorable())],
  ["a proxy of a token", (clock) => Promise.resolve(new Proxy(tokenOf("proxied", clock), {}))],
  [
    "an error that throws when it is looked at",
    () => thrown(Object.defineProperty(new Error("canary"), "code", throwing)),
  ],
  ["an error whose name is none", () => thrown(Object.assign(new Error("canary"), { name: Symbol("canary") }))],
  ["something that cannot be looked at at all", () => thrown(new Proxy({}, { getPrototypeOf: throwing.get }))],
]

test.each(answers)("%s leaves no claim behind that nobody pursues", async (_, first) => {
  const world = new Simulation()
  let asked = 0
  const source = {
    fingerprint: "grant.access",
    singleUse: true,
    getToken: () => (asked++ === 0 ? first(world.clock) : Promise.resolve(tokenOf("good", world.clock))),
  }
  const [one, other] = [world.start(source), world.start(source)]
  const failure = await world.failure(one.tokens.getToken())
  expect(failure).toBeInstanceOf(TokenError)
  expect(String(failure)).not.toContain("canary")
  await world.clock.advance(120_000)
  expect((await world.outcome(other.tokens.getToken())).accessToken).toBe("good")
  expect(asked).toBe(2)
})

test("what a function spent for something that is no token is not presented as if for the first time", async () => {
  const world = new Simulation()
  const answers = [{ access_token: "a", refresh_token: "r" }, tokenOf("good", world.clock)]
  const login = () => answers.shift() as Token
  const presentations: unknown[] = []
  onTestFinished(
    onTokenEvent("step", ({ step, presentation }) => {
      if (step === "sending") presentations.push(presentation)
    }),
  )
  const { tokens } = world.start(tokenSourceFrom(login, { name: "own", singleUse: true, clock: world.clock }))
  expect(await world.failure(tokens.getToken())).toMatchObject({ code: "ERR_TOKEN_SOURCE", ambiguous: true })
  await world.clock.advance(120_000)
  expect(presentations).toEqual(["first", "repeat"])
})
