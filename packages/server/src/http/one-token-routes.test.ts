import { expect, test } from "vitest"
import { serverUnderTest } from "../testing/server-under-test.js"
import { turning } from "../testing/turning.js"

test("with one token, its name is not needed", async () => {
  await using server = await serverUnderTest(["billing"], { grant: "refresh_token" })
  const payload = { accessToken: "canary-by-hand", refreshToken: "canary-refresh" }
  const set = await server.app.inject({ method: "POST", url: "/set-tokens", payload })
  expect(set.json()).toMatchObject({ name: "billing" })
  await turning(server.clock, server.app.inject("/tokens/billing"))
  const refreshed = await turning(server.clock, server.app.inject({ method: "POST", url: "/refresh-tokens" }))
  expect(refreshed.json()).toMatchObject({ accessToken: "canary-access-1" })
  expect(refreshed.headers["cache-control"]).toBe("no-store")
  const state = await server.app.inject("/state")
  expect(state.json()).toMatchObject({ name: "billing", status: "fresh" })
  expect(set.body + state.body).not.toContain("canary")
})

test.each([
  [["billing", "web"], "there are several: billing, web"],
  [[], "no token is configured"],
])("with several or none, it is said which there are: %j", async (names, why) => {
  await using server = await serverUnderTest(names)
  const payload = { accessToken: "canary" }
  for (const request of [
    { method: "POST", url: "/refresh-tokens" },
    { method: "POST", url: "/set-tokens", payload },
    { method: "GET", url: "/state" },
  ] as const) {
    const answer = await server.app.inject(request)
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toMatchObject({ code: "ERR_NOT_ONE_TOKEN", detail: expect.stringContaining(why) as string })
  }
})
