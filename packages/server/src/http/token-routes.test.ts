import { expect, test } from "vitest"
import { serverUnderTest } from "../testing/server-under-test.js"
import { turning } from "../testing/turning.js"

test("the token comes with its type, its times and its entity tag, and is stored by nobody", async () => {
  await using server = await serverUnderTest()
  const answer = await server.app.inject("/tokens/billing")
  expect(answer.statusCode).toBe(200)
  expect(answer.headers["cache-control"]).toBe("no-store")
  expect(answer.headers.etag).toMatch(/^"[\da-f]{16}"$/)
  expect(answer.json()).toEqual({
    accessToken: "canary-access-1",
    tokenType: "Bearer",
    issuedAt: server.clock.now(),
    staleAt: server.clock.now() + 2_700_000,
    expiresAt: server.clock.now() + 3_600_000,
    scope: "read",
  })
})

test.each([
  ["as it came", (tag: string) => tag],
  ["weak", (tag: string) => `W/${tag}`],
  ["among others", (tag: string) => `"other", ${tag}`],
  ["any", () => "*"],
])("a client that has the token is told so: its tag %s", async (_how, header) => {
  await using server = await serverUnderTest()
  const { headers } = await server.app.inject("/tokens/billing")
  const tag = String(headers.etag)
  const again = await server.app.inject({ url: "/tokens/billing", headers: { "if-none-match": header(tag) } })
  expect(again.statusCode).toBe(304)
  expect(again.headers.etag).toBe(tag)
  expect(again.body).toBe("")
  const other = await server.app.inject({ url: "/tokens/billing", headers: { "if-none-match": '"other"' } })
  expect(other.statusCode).toBe(200)
})

test.each(["3000", "3000s", "50m"])(
  "a token that lasts shorter than min_validity=%s is renewed first",
  async (length) => {
    await using server = await serverUnderTest()
    await server.app.inject("/tokens/billing")
    server.clock.stepWall(2_000_000)
    const enough = await server.app.inject("/tokens/billing?min_validity=1000")
    expect(enough.json()).toMatchObject({ accessToken: "canary-access-1" })
    const newer = await server.app.inject(`/tokens/billing?min_validity=${length}`)
    expect(newer.json()).toMatchObject({ accessToken: "canary-access-2" })
  },
)

test("many who ask for a token that is not there yet share one request to the issuer", async () => {
  await using server = await serverUnderTest()
  const answers = await Promise.all(Array.from({ length: 20 }, () => server.app.inject("/tokens/billing")))
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
  expect(server.issuer.asked).toBe(1)
})

test("the list of all tokens has names, status and times, and no token", async () => {
  await using server = await serverUnderTest(["web", "billing"])
  await Promise.all(["web", "billing"].map((name) => server.app.inject(`/tokens/${name}`)))
  const list = await server.app.inject("/tokens")
  expect(list.json()).toMatchObject({
    tokens: [
      { name: "billing", status: "fresh", expiresAt: server.clock.now() + 3_600_000 },
      { name: "web", status: "fresh" },
    ],
  })
  expect(list.body).not.toContain("canary")
  const one = await server.app.inject("/tokens/web/status")
  expect(one.json()).toMatchObject({ name: "web", status: "fresh" })
  expect(one.body).not.toContain("canary")
})

test("a refresh asks the issuer at once, and answers how the token is doing", async () => {
  await using server = await serverUnderTest()
  await server.app.inject("/tokens/billing")
  const refreshed = await server.app.inject({ method: "POST", url: "/tokens/billing/refresh" })
  expect(refreshed.json()).toMatchObject({ name: "billing", status: "fresh" })
  expect(refreshed.body).not.toContain("canary")
  expect((await server.app.inject("/tokens/billing")).json()).toMatchObject({ accessToken: "canary-access-2" })
})

test("clients that were refused with the same token have it renewed once, and never one that they have not seen", async () => {
  await using server = await serverUnderTest()
  const { headers } = await server.app.inject("/tokens/billing")
  server.clock.stepWall(60_000)
  const refresh = () =>
    server.app.inject({
      method: "POST",
      url: "/tokens/billing/refresh",
      headers: { "if-match": String(headers.etag) },
    })
  const answers = await Promise.all(Array.from({ length: 20 }, refresh))
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
  expect((await refresh()).json()).toMatchObject({ status: "fresh" })
  expect(server.issuer.asked).toBe(2)
  expect((await server.app.inject("/tokens/billing")).json()).toMatchObject({ accessToken: "canary-access-2" })
})

test("a client that insists has it renewed in the pause after a failure, too", async () => {
  await using server = await serverUnderTest()
  const { headers } = await server.app.inject("/tokens/billing")
  server.clock.stepWall(60_000)
  const refresh = async (query = "") => {
    const url = `/tokens/billing/refresh${query}`
    const { statusCode } = await server.app.inject({
      method: "POST",
      url,
      headers: { "if-match": String(headers.etag) },
    })
    return statusCode
  }
  server.issuer.next({ status: 503, body: {} })
  expect(await refresh()).toBe(503)
  expect(await refresh()).toBe(503)
  expect(server.issuer.asked).toBe(2)
  expect(await refresh("?insist=true")).toBe(200)
  expect(server.issuer.asked).toBe(3)
})

test("the history tells what happened, oldest first", async () => {
  await using server = await serverUnderTest()
  await server.app.inject("/tokens/billing")
  server.issuer.next({ status: 503, body: {} })
  await server.app.inject({ method: "POST", url: "/tokens/billing/refresh" })
  const history = await server.app.inject("/tokens/billing/history")
  expect(history.json()).toMatchObject({
    incidents: [{ kind: "renewed" }, { kind: "failed", code: "ERR_TOKEN_RESPONSE" }],
  })
  expect(history.body).not.toContain("canary")
})

test("tokens set by hand are handed out from then on", async () => {
  await using server = await serverUnderTest(["billing"], { grant: "refresh_token" })
  const expiresAt = server.clock.now() + 60_000
  const set = await server.app.inject({
    method: "PUT",
    url: "/tokens/billing",
    payload: { accessToken: "canary-by-hand", expiresAt, scope: "write" },
  })
  expect(set.statusCode).toBe(200)
  expect(set.body).not.toContain("canary")
  const asked = await turning(server.clock, server.app.inject("/tokens/billing"))
  expect(asked.json()).toMatchObject({
    accessToken: "canary-by-hand",
    expiresAt,
    scope: "write",
  })
})

test("a refresh token set by hand is used at once", async () => {
  await using server = await serverUnderTest(["billing"], { grant: "refresh_token" })
  await server.app.inject({ method: "PUT", url: "/tokens/billing", payload: { refreshToken: "canary-by-hand" } })
  const asked = await turning(server.clock, server.app.inject("/tokens/billing"))
  expect(asked.json()).toMatchObject({ accessToken: "canary-access-1" })
  expect(server.issuer.requests.at(-1)?.body.get("refresh_token")).toBe("canary-by-hand")
})

test.each([
  [{}, "accessToken or refreshToken is required"],
  [{ accessToken: "canary-new", expiresAt: 1_700_000_000 }, "expiresAt must be in the future"],
  [{ accessToken: "canary new" }, "accessToken must be visible ASCII characters"],
  [{ accessToken: 17 }, "body.accessToken"],
  [{ access_token: "canary-new" }, "body: has a field that is not known: access_token"],
  [{ [`canary-${"x".repeat(30)}`]: 1 }, "body: has a field that is not known"],
  [undefined, "body"],
])("what cannot be set is refused, the field named and nothing repeated: %j", async (payload, detail) => {
  await using server = await serverUnderTest(["billing"], { grant: "refresh_token" })
  const refused = await server.app.inject({ method: "PUT", url: "/tokens/billing", ...(payload && { payload }) })
  expect(refused.statusCode).toBe(400)
  expect(refused.json()).toMatchObject({ code: "ERR_BAD_REQUEST", detail: expect.stringContaining(detail) as string })
  expect(refused.body + server.lines.join("")).not.toContain("canary")
  expect(await server.cache.get("billing")).toBeUndefined()
})

test("a token is revoked at the issuer and forgotten, or forgotten only", async () => {
  await using server = await serverUnderTest()
  await server.app.inject("/tokens/billing")
  expect((await server.app.inject({ method: "DELETE", url: "/tokens/billing?local=true" })).statusCode).toBe(204)
  expect(server.issuer.requests.map(({ path }) => path)).not.toContain("/revoke")
  expect((await server.cache.get("billing"))?.token).toBeUndefined()
  await server.app.inject({ method: "POST", url: "/tokens/billing/refresh" })
  const revoked = await server.app.inject({ method: "DELETE", url: "/tokens/billing" })
  expect([revoked.statusCode, revoked.body]).toEqual([204, ""])
  expect(server.issuer.requests.at(-1)).toMatchObject({ path: "/revoke" })
  expect((await server.app.inject("/tokens/billing/status")).json()).not.toHaveProperty("expiresAt")
})

test("a name that is like none is answered with those there are", async () => {
  await using server = await serverUnderTest(["billing", "web"])
  expect((await server.app.inject("/tokens/x")).json()).toMatchObject({ hint: "There are: billing, web." })
})

test("a name that is not known is answered with the nearest one, and is not repeated", async () => {
  await using server = await serverUnderTest(["billing", "web"])
  for (const url of ["/tokens/canary-biling", "/tokens/biling/status", "/tokens/BILING/history"]) {
    const answer = await server.app.inject(url)
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ code: "ERR_UNKNOWN_TOKEN", hint: "Did you mean billing?" })
    expect(answer.body + server.lines.join("")).not.toContain("canary")
  }
})

test.each([
  ["/tokens/billing?min_validity=soon", "query.min_validity: must be seconds, or a number and a unit"],
  ["/tokens/billing?minimum=canary", "query: has a field that is not known: minimum"],
  ["/tokens/billing?min_validity=99999999999", "query.min_validity"],
  ["/tokens/billing/wait?timeout=-1", "query.timeout"],
])("a query that is not understood is refused, naming the field: %s", async (url, detail) => {
  await using server = await serverUnderTest()
  const answer = await server.app.inject(url)
  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({ detail: expect.stringContaining(detail) as string })
  expect(answer.body).not.toContain("canary")
})
