import { expect, test } from "vitest"
import { serverUnderTest } from "../testing/server-under-test.js"

async function tagOfToken({ app }: Awaited<ReturnType<typeof serverUnderTest>>): Promise<string> {
  const { headers } = await app.inject("/tokens/billing")
  return String(headers.etag)
}

const refresh = { method: "POST", url: "/tokens/billing/refresh" } as const

test("who has another token gets the one at hand at once", async () => {
  await using server = await serverUnderTest()
  await tagOfToken(server)
  for (const url of ["/tokens/billing/wait", "/tokens/billing/wait?after=other"]) {
    expect((await server.app.inject(url)).json()).toMatchObject({ accessToken: "canary-access-1" })
  }
})

test.each(["with its quotes", "without"])(
  "who has the token gets the next one, once there is one: tag %s",
  async (how) => {
    await using server = await serverUnderTest()
    const tag = await tagOfToken(server)
    const after = encodeURIComponent(how === "without" ? tag.replaceAll('"', "") : tag)
    const waiting = server.app.inject(`/tokens/billing/wait?after=${after}`)
    await server.app.inject(refresh)
    const answer = await waiting
    expect(answer.json()).toMatchObject({ accessToken: "canary-access-2" })
    expect(answer.headers.etag).not.toBe(tag)
  },
)

test.each([
  ["", 30_000],
  ["&timeout=5", 5_000],
  ["&timeout=1m", 60_000],
  ["&timeout=9h", 300_000],
])("it is answered that there is none after the time: %s", async (query, timeoutMs) => {
  await using server = await serverUnderTest()
  const tag = await tagOfToken(server)
  let answered = false
  const waiting = server.app.inject(`/tokens/billing/wait?after=${encodeURIComponent(tag)}${query}`)
  void waiting.then(() => (answered = true))
  await server.clock.advance(timeoutMs - 1)
  expect(answered).toBe(false)
  await server.clock.advance(1)
  const answer = await waiting
  expect([answer.statusCode, answer.body]).toEqual([304, ""])
})

test("who waits for the next token is told that somebody has signed out, and who has none waits for the sign-in", async () => {
  await using server = await serverUnderTest()
  const tag = await tagOfToken(server)
  const waiting = server.app.inject(`/tokens/billing/wait?after=${encodeURIComponent(tag)}`)
  await server.clock.advance(1)
  await server.app.inject({ method: "DELETE", url: "/tokens/billing?local=true" })
  const answer = await waiting
  expect(answer.statusCode).toBe(409)
  expect(answer.json()).toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect((await server.app.inject("/tokens/billing/wait?after=other")).statusCode).toBe(409)
  const first = server.app.inject("/tokens/billing/wait")
  await server.clock.advance(1)
  await server.app.inject(refresh)
  expect((await first).json()).toMatchObject({ accessToken: "canary-access-2" })
})

test("a server that ends answers all that wait", async () => {
  const server = await serverUnderTest()
  const tag = await tagOfToken(server)
  const waiting = server.app.inject(`/tokens/billing/wait?after=${encodeURIComponent(tag)}`)
  await server.clock.advance(1)
  await server[Symbol.asyncDispose]()
  expect((await waiting).statusCode).toBe(304)
})

test("who waits for a token that another configuration replaces is told to come again", async () => {
  await using server = await serverUnderTest()
  const tag = await tagOfToken(server)
  const waiting = server.app.inject(`/tokens/billing/wait?after=${encodeURIComponent(tag)}`)
  await server.clock.advance(1)
  await server.registry.apply({})
  const answer = await waiting
  expect(answer.statusCode).toBe(503)
  expect(answer.headers["retry-after"]).toBe("1")
  expect(answer.json()).toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
})
