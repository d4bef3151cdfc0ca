import { expect, test } from "vitest"
import { version } from "../version.js"
import { serverUnderTest } from "../testing/server-under-test.js"
import { turning } from "../testing/turning.js"

test("a server lives that has no token to hand out", async () => {
  await using server = await serverUnderTest(["billing"], { grant: "refresh_token" })
  const answer = await server.app.inject("/healthz")
  expect([answer.statusCode, answer.json()]).toEqual([200, { status: "ok", version: version() }])
})

test("it is ready once every token can be handed out", async () => {
  await using server = await serverUnderTest(["billing", "web"])
  await Promise.all(["billing", "web"].map((name) => server.app.inject(`/tokens/${name}`)))
  const ready = await server.app.inject("/readyz")
  expect(ready.statusCode).toBe(200)
  expect(ready.json()).toEqual({
    tokens: [
      { name: "billing", status: "fresh" },
      { name: "web", status: "fresh" },
    ],
  })
})

test("it is not ready as long as one cannot, and says which", async () => {
  await using server = await serverUnderTest(["billing", "web"])
  await Promise.all(["billing", "web"].map((name) => server.app.inject(`/tokens/${name}`)))
  await server.app.inject({ method: "DELETE", url: "/tokens/web?local=true" })
  const answer = await server.app.inject("/readyz")
  expect(answer.statusCode).toBe(503)
  expect(answer.headers["content-type"]).toContain("application/problem+json")
  expect(answer.json()).toMatchObject({ code: "ERR_NOT_READY", tokens: [{ name: "web", status: "signed-out" }] })
})

test("a token that is still valid counts, though its grant was refused", async () => {
  await using server = await serverUnderTest(["billing"], { grant: "refresh_token" })
  await server.app.inject({
    method: "PUT",
    url: "/tokens/billing",
    payload: { accessToken: "canary-by-hand", refreshToken: "canary-spent" },
  })
  await turning(server.clock, server.app.inject("/tokens/billing"))
  server.issuer.next({ status: 400, body: { error: "invalid_grant" } })
  const refused = await turning(server.clock, server.app.inject({ method: "POST", url: "/tokens/billing/refresh" }))
  expect(refused.statusCode).toBe(409)
  expect(refused.json()).toMatchObject({
    code: "ERR_REAUTHENTICATION_REQUIRED",
    hint: "Set new tokens: evertoken set billing",
  })
  expect((await server.app.inject("/tokens/billing/status")).json()).toMatchObject({
    status: "reauthentication-required",
  })
  expect((await server.app.inject("/readyz")).statusCode).toBe(200)
  expect((await server.app.inject("/tokens/billing")).json()).toMatchObject({ accessToken: "canary-by-hand" })
})
