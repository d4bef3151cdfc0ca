import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CachedTokenSource, Token, TokenError, type TokenSource } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { EventLog } from "../../packages/evertoken/src/testing/internal/event-log.js"
import { endOf, sourceOf } from "./asking.js"
import { CANARIES, leaksIn } from "./canaries.js"
import { answer, answering, granted } from "./hostile-case.js"
import { RawServer } from "./raw-server.js"

const ROTATED = CANARIES.rotatedRefreshToken

const HALF_GOOD: readonly (readonly [string, Record<string, unknown>])[] = [
  ["no access token", { access_token: undefined }],
  ["an access token that is no text", { access_token: 7 }],
  ["an access token that is empty", { access_token: "" }],
  ["a header in the access token", { access_token: `x\r\nx-evil: ${CANARIES.page}` }],
  ["a NUL in the access token", { access_token: "x\0y" }],
  ["an unknown token type", { token_type: "mac" }],
  ["a header in the token type", { token_type: "Bearer\r\nx-evil: 1" }],
  ["a lifetime of zero", { expires_in: 0 }],
  ["a lifetime below zero", { expires_in: "-1" }],
  ["an ID token that is none", { id_token: CANARIES.page }],
  ["an ID token of another issuer", { id_token: forgedIdToken() }],
]

let directory: string
let events: EventLog
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  events = new EventLog()
})
afterEach(async () => {
  events.end()
  await rm(directory, { recursive: true, force: true })
})

const cached = (source: TokenSource) =>
  new CachedTokenSource(source, { key: "one", caches: [new FileTokenCache(join(directory, "token.json"))] })
const stored = async () => (await new FileTokenCache(join(directory, "token.json")).get("one"))?.token

describe("the refresh token is kept of an answer that has", () => {
  it.each(HALF_GOOD)("%s", async (_title, changes) => {
    const bodies = [granted({ refresh_token: ROTATED, ...changes }), granted()]
    await using server = await RawServer.start(answering(() => answer(bodies.shift() ?? "")))
    const options = { issuer: server.url(""), tokenEndpoint: server.url("/token") }

    const end = await endOf(cached(sourceOf("refresh_token", options)).getToken())
    expect(end).toBeInstanceOf(TokenError)
    expect(["ERR_TOKEN_RESPONSE_INVALID", "ERR_TOKEN_LIFETIME"]).toContain((end as TokenError).code)
    expect((await stored())?.refreshToken).toBe(ROTATED)

    // as after a restart: what was spent is never presented again
    expect(await endOf(cached(sourceOf("refresh_token", options)).getToken())).toBeInstanceOf(Token)
    const presented = server.peers.map(({ text }) =>
      new URLSearchParams(text.split("\r\n\r\n")[1]).get("refresh_token"),
    )
    expect(presented).toEqual([CANARIES.refreshToken, ROTATED])
    await expectNothingTold([end])
  })
})

it("a refresh token that could split a header is not kept, nor shown", async () => {
  const body = granted({ refresh_token: `${ROTATED}\r\nx-evil: 1` })
  await using server = await RawServer.start(answering(() => answer(body)))
  const end = await endOf(cached(sourceOf("refresh_token", { tokenEndpoint: server.url("/token") })).getToken())
  expect(end).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", transient: true, ambiguous: true })
  expect(await stored()).toBeUndefined()
  await expectNothingTold([end])
})

it("a refresh token that nobody asked for is not kept", async () => {
  await using server = await RawServer.start(answering(() => answer(granted({ refresh_token: ROTATED }))))
  const end = await endOf(cached(sourceOf("client_credentials", { tokenEndpoint: server.url("/token") })).getToken())
  expect(end).toBeInstanceOf(Token)
  expect((await stored())?.accessToken).toBe(CANARIES.accessToken)
  expect((await stored())?.refreshToken).toBeUndefined()
  await expectNothingTold([])
})

/** Neither errors nor events nor names of files, nor files that are no records. */
async function expectNothingTold(ends: readonly unknown[]): Promise<void> {
  for (const end of ends) expect(leaksIn(end)).toEqual([])
  expect(leaksIn(events.all)).toEqual([])
  const names = await readdir(directory, { recursive: true })
  expect(names).toContain("token.json.d")
  expect(leaksIn(names.join("\n"))).toEqual([])
  const others = names.filter((name) => !/(token\.json|token\.json\.d|gen-\d+)$/.test(name))
  for (const name of others) expect(leaksIn(await readFile(join(directory, name), "utf8"))).toEqual([])
}

function forgedIdToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const claims = { iss: "https://other.example", sub: CANARIES.page, aud: "other", iat: 0, exp: 9_999_999_999 }
  return `${part({ alg: "RS256" })}.${part(claims)}.c2lnbmF0dXJl`
}
