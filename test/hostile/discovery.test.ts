import { Token, TokenError } from "evertoken"
import type { TokenEndpointOptions } from "evertoken/oauth2"
import { describe, expect, it } from "vitest"
import { endOf, sourceOf } from "./asking.js"
import { leaksIn } from "./canaries.js"
import { contents } from "./cases/contents.js"
import { framing } from "./cases/framing.js"
import { headers } from "./cases/headers.js"
import { resets } from "./cases/resets.js"
import { sizes } from "./cases/sizes.js"
import { stalls } from "./cases/stalls.js"
import { answer, answering, granted, type Ending, type Grant, type HostileCase } from "./hostile-case.js"
import { RawServer, type Behaviour } from "./raw-server.js"

const GRANTS: readonly Grant[] = ["client_credentials", "refresh_token"]
const HOSTILE: readonly HostileCase[] = [stalls, sizes, resets, framing, headers, contents].flat()

/** Of metadata no answer is ambiguous: no secret was sent. A complete one that is no use stays so until it is mended. */
function endingOf(hostile: HostileCase): Partial<TokenError> {
  const { ends } = hostile
  if (ends === "a token" || ends.status === 200)
    return { code: "ERR_TOKEN_RESPONSE_INVALID", transient: false, ambiguous: false }
  if (ends.status !== undefined) return { code: "ERR_TOKEN_RESPONSE", transient: ends.transient, ambiguous: false }
  return { code: ends.code, transient: isUnanswered(ends), ambiguous: false }
}

function isUnanswered({ code }: Exclude<Ending, string>): boolean {
  return code === "ERR_TOKEN_REQUEST" || code === "ERR_TOKEN_REQUEST_TIMEOUT"
}

const isRedirect = ({ title }: HostileCase) => title.includes("names another host")
const isNoContent = ({ title }: HostileCase) => title === "gives no content"
const metadata = HOSTILE.filter((each) => !isRedirect(each) && !isNoContent(each) && each.grant === undefined)

describe("metadata from an issuer that", () => {
  it.each(metadata.map((each) => [each.title, each] as const))("%s", async (_title, hostile) => {
    await using server = await RawServer.start(hostile.play)
    const timeoutMs = hostile.stalls ? 300 : 20_000
    const end = await endOf(sourceOf("refresh_token", { issuer: server.url(""), timeoutMs }).getToken())
    expect(end).toBeInstanceOf(TokenError)
    expect(end).toMatchObject(endingOf(hostile))
    expectNothingTold(end, server)
  })

  it.each(HOSTILE.filter(isRedirect).map((each) => [each.title, each] as const))("%s", async (_title, { play }) => {
    await using server = await RawServer.start(play)
    const end = await endOf(sourceOf("client_credentials", { issuer: server.url("") }).getToken())
    expect(end).toMatchObject({ code: "ERR_TOKEN_RESPONSE", transient: false, ambiguous: false })
    expectNothingTold(end, server)
  })
})

function expectNothingTold(end: unknown, server: RawServer): void {
  expect(leaksIn(end)).toEqual([])
  const sent = server.peers.map((peer) => peer.text)
  expect(sent.filter((text) => text !== "" && !text.startsWith("GET /.well-known/"))).toEqual([])
  expect(leaksIn(sent.join())).toEqual([])
}

const BAD_ENDPOINTS: readonly (readonly [string, unknown])[] = [
  ["in the clear on another host", "http://id.example.com/token"],
  ["relative", "/token"],
  ["a script", "javascript:alert(1)"],
  ["a file", "file:///etc/passwd"],
  ["with a user name", "https://me:secret@id.example.com/token"],
  ["a list", ["https://id.example.com/token"]],
  ["an object", { href: "https://id.example.com/token" }],
  ["null", null],
  ["missing", undefined],
]

/** Answers metadata, and then a token to whoever asks for one. */
function issuing(metadataOf: (issuer: string) => string, ownUrl: () => string): Behaviour {
  return async (peer) => {
    await peer.asked
    peer.end(answer(peer.text.startsWith("GET") ? metadataOf(ownUrl()) : granted()))
  }
}

async function asking(grant: Grant, metadataOf: (issuer: string) => string, options?: Partial<TokenEndpointOptions>) {
  let ownUrl = ""
  const server = await RawServer.start(issuing(metadataOf, () => ownUrl))
  ownUrl = server.url("")
  const end = await endOf(sourceOf(grant, { issuer: ownUrl, timeoutMs: 5_000, ...options }).getToken())
  return { server, end }
}

describe.each(GRANTS)("%s: no secret goes to a token endpoint that is", (grant) => {
  it.each(BAD_ENDPOINTS)("%s", async (_title, endpoint) => {
    const { server, end } = await asking(grant, (issuer) => JSON.stringify({ issuer, token_endpoint: endpoint }))
    await using _ = server
    expect(end).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", transient: false, ambiguous: false })
    expectNothingTold(end, server)
  })
})

const FORGED: readonly (readonly [string, (issuer: string) => string])[] = [
  ["of another issuer", (issuer) => JSON.stringify({ issuer: "https://other.example", token_endpoint: `${issuer}/t` })],
  [
    "of an issuer that differs in a slash",
    (issuer) => JSON.stringify({ issuer: `${issuer}//`, token_endpoint: issuer }),
  ],
  ["without an issuer", (issuer) => JSON.stringify({ token_endpoint: `${issuer}/token` })],
  ["with an issuer that is no text", (issuer) => JSON.stringify({ issuer: [issuer], token_endpoint: issuer })],
  ["in prototype keys", (issuer) => `{"__proto__":${JSON.stringify({ issuer, token_endpoint: issuer })}}`],
]

it.each(FORGED)("metadata %s is refused", async (_title, metadataOf) => {
  const { server, end } = await asking("refresh_token", metadataOf)
  await using _ = server
  expect(end).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", transient: false, ambiguous: false })
  expectNothingTold(end, server)
})

it("metadata with members that are not what they should be does no harm", async () => {
  const odd = {
    id_token_signing_alg_values_supported: "RS256",
    token_endpoint_auth_methods_supported: { length: 7 },
    mtls_endpoint_aliases: { token_endpoint: "https://elsewhere.invalid/" },
    jwks_uri: 7,
    constructor: { prototype: { polluted: true } },
  }
  const { server, end } = await asking("refresh_token", (issuer) =>
    JSON.stringify({ issuer, token_endpoint: `${issuer}/token`, ...odd }),
  )
  await using _ = server
  expect(end).toBeInstanceOf(Token)
  expect(server.peers.map((peer) => peer.text.split(" ", 2).join(" "))).toEqual([
    "GET /.well-known/oauth-authorization-server",
    "POST /token",
  ])
})

it("after a failure the metadata is asked for again: an issuer that was hostile once is not given up", async () => {
  let failing = true
  let ownUrl = ""
  const good = issuing(
    (issuer) => JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }),
    () => ownUrl,
  )
  const bad = answering(() => answer("<html>", {}, "502 Bad Gateway"))
  await using server = await RawServer.start((peer) => (failing ? bad(peer) : good(peer)))
  ownUrl = server.url("")
  const source = sourceOf("client_credentials", { issuer: ownUrl })
  expect(await endOf(source.getToken())).toMatchObject({ code: "ERR_TOKEN_RESPONSE", transient: true })
  failing = false
  expect(await endOf(source.getToken())).toBeInstanceOf(Token)
})
