import { Token, TokenError, TokenResponseError } from "evertoken"
import type { TokenEndpointOptions } from "evertoken/oauth2"
import { describe, expect, it } from "vitest"
import { endOf, sourceOf } from "./asking.js"
import { CANARIES, CLIENT_ID, leaksIn } from "./canaries.js"
import { contents } from "./cases/contents.js"
import { framing } from "./cases/framing.js"
import { headers } from "./cases/headers.js"
import { resets } from "./cases/resets.js"
import { sizes } from "./cases/sizes.js"
import { stalls } from "./cases/stalls.js"
import type { Ending, Grant, HostileCase } from "./hostile-case.js"
import { RawServer } from "./raw-server.js"

const GROUPS: Readonly<Record<string, readonly HostileCase[]>> = {
  "never comes to an end": stalls,
  "says too much": sizes,
  "breaks off": resets,
  "speaks no proper HTTP": framing,
  "has odd headers": headers,
  "answers something else": contents,
}
const GRANTS: readonly Grant[] = ["client_credentials", "refresh_token"]
const SENDERS: Readonly<Record<string, Partial<TokenEndpointOptions>>> = {
  "the library's own connections": {},
  "the application's fetch": { fetch },
}

describe.each(Object.entries(SENDERS))("by %s", (_sender, options) => {
  describe.each(GRANTS)("%s from an issuer that", (grant) => {
    describe.each(Object.entries(GROUPS))("%s:", (_, cases) => {
      const its = cases.filter((each) => each.grant === undefined || each.grant === grant)
      it.each(its.map((each) => [each.title, each] as const))("%s", async (_title, hostile) => {
        await using server = await RawServer.start(hostile.play)
        const timeoutMs = hostile.stalls ? 300 : 20_000
        const source = sourceOf(grant, { tokenEndpoint: server.url("/token"), timeoutMs, ...options })
        const end = await endOf(source.getToken())
        expectEnding(end, ("fetch" in options ? hostile.endsByFetch : undefined) ?? hostile.ends, grant)
        expect(leaksIn(end)).toEqual([])
        // asked once, and let go of, whatever happened
        expect(server.peers).toHaveLength(1)
        expect(await endOf(server.abandoned())).toBeUndefined()
      })
    })
  })
})

function expectEnding(end: Token | Error, ends: Ending, grant: Grant): void {
  if (ends === "a token") {
    expect(end).toBeInstanceOf(Token)
    return
  }
  expect(end).toBeInstanceOf(TokenError)
  const { code, transient, ambiguous, status, error } = ends
  expect(end).toMatchObject({ code, transient })
  if (ambiguous !== "perhaps") expect(end).toMatchObject({ ambiguous })
  if (status !== undefined) {
    expect(end).toBeInstanceOf(TokenResponseError)
    const { status: given, error: named, retryAfterMs = 0 } = end as TokenResponseError
    expect({ status: given, error: named }).toEqual({ status, error: typeof error === "object" ? error[grant] : error })
    expect(Number.isFinite(retryAfterMs) && retryAfterMs >= 0).toBe(true)
  }
}

it("a canary is found however it is shown: the search can fail", () => {
  const { clientSecret } = CANARIES
  expect(leaksIn(new Error(`no ${clientSecret}`))).toContain("clientSecret, plain")
  expect(leaksIn(new Error("no", { cause: new Error(encodeURIComponent(clientSecret)) }))).not.toEqual([])
  expect(leaksIn(Object.assign(new Error("no"), { body: { text: clientSecret.slice(0, 20) } }))).not.toEqual([])
  expect(
    leaksIn({
      toJSON: () =>
        Buffer.from(`${CLIENT_ID}:${new URLSearchParams({ "": clientSecret }).toString().slice(1)}`).toString("base64"),
    }),
  ).not.toEqual([])
})
