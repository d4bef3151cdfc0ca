import { Readable } from "node:stream"
import { beforeEach, expect, it } from "vitest"
import { VirtualClock } from "../../testing/virtual-clock.js"
import type { TokenRequest } from "../../token-source.js"
import { Token } from "../../token.js"
import { googleAuthClient, type GoogleAuthClient } from "./google-auth-client.js"
import { tokenSourceFromGoogle } from "./token-source-from-google.js"

let renewals: number
let accepted: string
let sent: Headers[]

beforeEach(() => {
  renewals = 0
  accepted = "Bearer t0"
  sent = []
})

const source = {
  async getToken({ newerThan }: TokenRequest = {}) {
    if (newerThan?.accessToken === `t${renewals}`) renewals += 1
    return new Token({ accessToken: `t${renewals}`, issuedAt: 0, staleAt: 1, expiresAt: 2 })
  },
}

function newClient(quotaProjectId?: string): GoogleAuthClient {
  const transporter = {
    async request({ headers }: { headers?: Headers }) {
      sent.push(new Headers(headers))
      if (headers?.get("authorization") === accepted) return "answer"
      throw Object.assign(new Error("Unauthorized"), { status: accepted === "nobody" ? 403 : 401 })
    },
  }
  const nothing = async (): Promise<never> => Promise.reject(new Error("not replaced"))
  return { quotaProjectId, transporter, getAccessToken: nothing, getRequestHeaders: nothing, request: nothing }
}

it("the client presents the source's token, and the quota project it was given", async () => {
  const client = googleAuthClient(newClient("project"), source)
  expect(await client.getAccessToken()).toEqual({ token: "t0" })
  expect(Object.fromEntries(await client.getRequestHeaders())).toEqual({
    authorization: "Bearer t0",
    "x-goog-user-project": "project",
  })
  await client.request({ headers: { "x-goog-user-project": "own", accept: "text/plain" } })
  expect(Object.fromEntries(sent[0] ?? [])).toMatchObject({ "x-goog-user-project": "own", accept: "text/plain" })
})

it("one renewal serves all who were rejected, and each request is sent once more", async () => {
  accepted = "Bearer t1"
  const client = googleAuthClient(newClient(), source)
  expect(await Promise.all([1, 2, 3].map(() => client.request({})))).toEqual(Array(3).fill("answer"))
  expect(renewals).toBe(1)
  expect(sent).toHaveLength(6)
})

it.each([
  ["whose body is a stream", { data: Readable.from(["x"]) }],
  ["whose body is a web stream", { body: new ReadableStream() }],
])("a request %s is not sent again", async (_what, options) => {
  accepted = "Bearer t1"
  await expect(googleAuthClient(newClient(), source).request(options)).rejects.toMatchObject({ status: 401 })
  expect(sent).toHaveLength(1)
})

it("a 403 renews nothing", async () => {
  accepted = "nobody"
  await expect(googleAuthClient(newClient(), source).request({})).rejects.toMatchObject({ status: 403 })
  expect(renewals).toBe(0)
})

it("without a newer token the 401 itself is the answer", async () => {
  accepted = "Bearer t1"
  const constant = {
    getToken: async ({ newerThan }: TokenRequest = {}) =>
      newerThan === undefined ? source.getToken() : Promise.reject(new Error("none")),
  }
  await expect(googleAuthClient(newClient(), constant).request({})).rejects.toMatchObject({ status: 401 })
})

function googleClient(expiry_date: number | null) {
  let issued = 0
  return {
    credentials: {} as { access_token?: string | null; expiry_date?: number | null },
    setCredentials(credentials: object) {
      this.credentials = credentials
    },
    async getAccessToken() {
      const isOver = this.credentials.access_token === undefined || this.credentials.expiry_date === 1
      if (isOver) this.credentials = { access_token: `g${++issued}`, expiry_date }
      return { token: this.credentials.access_token ?? null }
    },
  }
}

it("a newer token is got from a client that keeps its own, once for each", async () => {
  const clock = new VirtualClock()
  const expiresAt = clock.now() + 3_600_000
  const reverse = tokenSourceFromGoogle(googleClient(expiresAt), { name: "me", clock })
  const first = await reverse.getToken()
  expect(first).toMatchObject({ accessToken: "g1", expiresAt })
  expect(await reverse.getToken()).toMatchObject({ accessToken: "g1" })
  expect(await reverse.getToken({ newerThan: first })).toMatchObject({ accessToken: "g2" })
  expect(await reverse.getToken({ newerThan: first })).toMatchObject({ accessToken: "g2" })
})

it("a token without an end lasts five minutes", async () => {
  const clock = new VirtualClock()
  const { expiresAt } = await tokenSourceFromGoogle(googleClient(null), { clock }).getToken()
  expect(expiresAt).toBe(clock.now() + 300_000)
})

it("a client without a token rejects", async () => {
  const client = { ...googleClient(null), getAccessToken: async () => ({ token: null }) }
  await expect(tokenSourceFromGoogle(client).getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE" })
})
