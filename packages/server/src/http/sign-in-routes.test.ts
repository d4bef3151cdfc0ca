import { expect, test } from "vitest"
import { serverUnderTest } from "../testing/server-under-test.js"

const signIn = { method: "POST", url: "/tokens/billing/sign-in" } as const
const outcome = "/tokens/billing/sign-in/outcome"
const byPerson = { grant: "authorization_code" }

/** What a browser does: it comes back with a code, or with an error. */
async function visit(prompt: { readonly url: string }, answer: Record<string, string>): Promise<void> {
  const { searchParams } = new URL(prompt.url)
  const back = new URL(searchParams.get("redirect_uri") ?? "")
  const fields = { state: searchParams.get("state") ?? "", ...answer }
  for (const [name, value] of Object.entries(fields)) back.searchParams.set(name, value)
  await (await fetch(back)).text()
}

test("a person signs in: the outcome is told once the tokens are kept", async () => {
  await using server = await serverUnderTest(["billing"], byPerson)
  expect((await server.app.inject(outcome)).json()).toEqual({ state: "none" })
  const prompt = (await server.app.inject(signIn)).json<{ kind: string; url: string }>()
  expect(prompt.kind).toBe("browser")
  const told = server.app.inject(outcome)
  await visit(prompt, { code: "the-code" })
  expect((await told).json()).toEqual({ state: "kept" })
  expect((await server.app.inject(outcome)).json()).toEqual({ state: "kept" })
  expect((await server.app.inject("/tokens/billing")).json()).toMatchObject({ accessToken: "canary-access-1" })
})

test("a sign-in that fails is told with why, at any later time, too", async () => {
  await using server = await serverUnderTest(["billing"], byPerson)
  const prompt = (await server.app.inject(signIn)).json<{ url: string }>()
  await visit(prompt, { error: "access_denied" })
  const told = await server.app.inject(outcome)
  expect(told.json()).toEqual({ state: "failed", why: expect.stringContaining("access_denied") as string })
  expect((await server.app.inject(outcome)).json()).toEqual(told.json())
})

test("two who begin a sign-in get the same prompt", async () => {
  await using server = await serverUnderTest(["billing"], byPerson)
  const [first, second] = await Promise.all([server.app.inject(signIn), server.app.inject(signIn)])
  expect(first.statusCode).toBe(200)
  expect(second.json()).toEqual(first.json())
})

test("while it is under way, that is what is told after the time", async () => {
  await using server = await serverUnderTest(["billing"], byPerson)
  await server.app.inject(signIn)
  const told = server.app.inject(`${outcome}?timeout=10s`)
  await server.clock.advance(10_000)
  expect((await told).json()).toEqual({ state: "under-way" })
})

test("a sign-in can be ended: it has failed then, and another one can begin", async () => {
  await using server = await serverUnderTest(["billing"], byPerson)
  const first = (await server.app.inject(signIn)).json<{ url: string }>()
  const told = server.app.inject(outcome)
  const ended = { method: "DELETE", url: "/tokens/billing/sign-in" } as const
  expect((await server.app.inject(ended)).statusCode).toBe(204)
  expect((await told).json()).toEqual({ state: "failed", why: "the sign-in was cancelled" })
  // there is nothing to be ended any more
  expect((await server.app.inject(ended)).statusCode).toBe(204)
  expect((await server.app.inject(signIn)).json<{ url: string }>().url).not.toBe(first.url)
})

test("nobody signs in for a grant that is not a person's", async () => {
  await using server = await serverUnderTest(["billing"])
  const refused = await server.app.inject(signIn)
  expect(refused.statusCode).toBe(409)
  expect(refused.json()).toMatchObject({ code: "ERR_SIGN_IN_UNSUITABLE" })
})
