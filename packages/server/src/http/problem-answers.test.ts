import { TokenError } from "evertoken"
import { expect, test, vi } from "vitest"
import { serverUnderTest } from "../testing/server-under-test.js"

async function refused(error: unknown) {
  const server = await serverUnderTest()
  const named = server.registry.find("billing")
  if (named === undefined) throw new Error("there is no token")
  vi.spyOn(named, "getToken").mockRejectedValue(error)
  const answer = await server.app.inject("/tokens/billing")
  await server[Symbol.asyncDispose]()
  return { answer, lines: server.lines }
}

test("a problem has the form of RFC 9457, and is stored by nobody", async () => {
  const { answer } = await refused(new TokenError("ERR_TOKEN_REQUEST", "connection refused", { transient: true }))
  expect(answer.headers).toMatchObject({
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
  })
  expect(answer.json()).toEqual({
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    detail: "connection refused",
    code: "ERR_TOKEN_REQUEST",
    hint: "The issuer cannot be reached: look at the network, the proxy, the certificates.",
  })
})

test("a path that cannot be read is refused as all else, and not repeated", async () => {
  await using server = await serverUnderTest()
  const answer = await server.app.inject("/tokens/canary%E0%A4%A")
  expect(answer.statusCode).toBe(400)
  expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8")
  expect(answer.json()).toMatchObject({ code: "ERR_BAD_REQUEST" })
  expect(answer.body + server.lines.join("")).not.toContain("canary")
  expect(server.lines).toHaveLength(1)
})

test.each([
  ["what passes by itself", "ERR_TOKEN_REQUEST_TIMEOUT", { transient: true }, 503, undefined],
  ["what passes at a known time", "ERR_TOKEN_REQUEST", { transient: true, retryAfterMs: 2_001 }, 503, "3"],
  ["what passes at once", "ERR_TOKEN_REQUEST", { transient: true, retryAfterMs: 0 }, 503, "1"],
  ["what never passes", "ERR_TOKEN_REQUEST", { transient: true, retryAfterMs: Infinity }, 503, undefined],
  ["what a person repairs", "ERR_REAUTHENTICATION_REQUIRED", { transient: false }, 409, undefined],
  ["what an operator repairs", "ERR_TOKEN_RESPONSE", { transient: false }, 502, undefined],
  ["a server that ends", "ERR_TOKEN_SOURCE_CLOSED", { transient: false }, 503, "1"],
] as const)("the status tells what a client can do: %s", async (_what, code, options, status, retryAfter) => {
  const { answer } = await refused(new TokenError(code, "why", options))
  expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([status, retryAfter])
  expect(answer.json()).toMatchObject({ code, detail: "why", hint: expect.any(String) as string })
})

test("an error that nobody expected shows nothing of itself, and the log only where it was", async () => {
  const { answer, lines } = await refused(new RangeError("canary"))
  expect(answer.statusCode).toBe(500)
  expect(answer.json()).toMatchObject({ code: "ERR_INTERNAL", detail: "the server failed: its log tells where" })
  expect(answer.body + lines.join("")).not.toContain("canary")
  expect(JSON.parse(lines.join(""))).toMatchObject({
    level: 50,
    error: "RangeError",
    at: expect.arrayContaining([expect.stringContaining("problem-answers.test.ts")]) as string[],
  })
})

test("what is no error at all is one, too", async () => {
  const { answer, lines } = await refused("canary")
  expect(answer.statusCode).toBe(500)
  expect(answer.body + lines.join("")).not.toContain("canary")
})

test("each refused request is one line in the log, that says why", async () => {
  await using server = await serverUnderTest()
  await server.app.inject({ url: "/tokens/canary?min_validity=canary", headers: { authorization: "Bearer canary" } })
  await server.app.inject("/canary?canary=canary")
  expect(server.lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      method: "GET",
      route: "/tokens/:name",
      status: 400,
      code: "ERR_BAD_REQUEST",
      why: expect.stringContaining("query.min_validity: must be seconds") as string,
    },
    { method: "GET", status: 404, code: "ERR_UNKNOWN_ROUTE" },
  ])
  expect(server.lines.join("")).not.toContain("canary")
})

test("a request that is answered leaves no line", async () => {
  await using server = await serverUnderTest()
  await server.app.inject("/tokens/billing")
  expect(server.lines).toEqual([])
})
