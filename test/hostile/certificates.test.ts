import type { TlsOptions } from "node:tls"
import { Token, TokenError } from "evertoken"
import { Agent } from "undici"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { endOf, sourceOf } from "./asking.js"
import { leaksIn } from "./canaries.js"
import { Authority, selfSigned } from "./certificates.js"
import { answer, answering, granted, type Grant } from "./hostile-case.js"
import { RawServer, type Behaviour } from "./raw-server.js"

const GRANTS: readonly Grant[] = ["client_credentials", "refresh_token"]
const good = answering(() => answer(granted()))

let trusted: Authority
let unknown: Authority
let agent: Agent
beforeAll(async () => {
  trusted = await Authority.create("trusted by the test")
  unknown = await Authority.create("trusted by nobody")
  agent = new Agent({ connect: { ca: trusted.certificate } })
})
afterAll(() => agent.close())

const REFUSED: readonly (readonly [string, () => Promise<TlsOptions>, string])[] = [
  ["signed by itself", () => selfSigned(), "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ["of an authority that nobody knows", () => unknown.issue(), "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ["that has expired", () => trusted.issue({ days: [-2, -1] }), "CERT_HAS_EXPIRED"],
  ["that is for tomorrow", () => trusted.issue({ days: [1, 2] }), "CERT_NOT_YET_VALID"],
  [
    "for another host",
    () => trusted.issue({ names: [{ type: "dns", value: "other.example" }] }),
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ],
  ["for nobody", () => trusted.issue({ names: [] }), "ERR_TLS_CERT_ALTNAME_INVALID"],
]

describe.each(GRANTS)("%s: nothing is sent to an issuer with a certificate", (grant) => {
  it.each(REFUSED)("%s", async (_title, credentials, code) => {
    await using server = await RawServer.start(good, await credentials())
    const source = sourceOf(grant, { tokenEndpoint: server.url("/token"), dispatcher: agent })
    const end = await endOf(source.getToken())
    expectUnsent(end, server)
    expect(String(end)).toContain(code)
  })

  it("signed by itself, by the application's fetch", async () => {
    await using server = await RawServer.start(good, await selfSigned())
    expectUnsent(await endOf(sourceOf(grant, { tokenEndpoint: server.url("/token"), fetch }).getToken()), server)
  })

  it("of an authority of one's own that was not given to the library's own connections", async () => {
    await using server = await RawServer.start(good, await trusted.issue())
    expectUnsent(await endOf(sourceOf(grant, { tokenEndpoint: server.url("/token") }).getToken()), server)
  })
})

it.each(GRANTS)("%s: an authority of one's own is trusted where the dispatcher has it", async (grant) => {
  await using server = await RawServer.start(good, await trusted.issue())
  const source = sourceOf(grant, { tokenEndpoint: server.url("/token"), dispatcher: agent })
  expect(await endOf(source.getToken())).toBeInstanceOf(Token)
})

it.each(GRANTS)("%s: a TLS too old to be safe is refused before anything is sent", async (grant) => {
  const old: TlsOptions = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }
  await using server = await RawServer.start(good, { ...(await trusted.issue()), ...old })
  const source = sourceOf(grant, { tokenEndpoint: server.url("/token"), dispatcher: agent })
  expectUnsent(await endOf(source.getToken()), server)
})

const HANDSHAKES: readonly (readonly [string, Behaviour, string])[] = [
  ["never answers", (peer) => peer.asked, "ERR_TOKEN_REQUEST_TIMEOUT"],
  [
    "answers a byte at a time",
    (peer) => peer.drip("\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", 20),
    "ERR_TOKEN_REQUEST_TIMEOUT",
  ],
  ["floods", (peer) => peer.flood(Buffer.alloc(65_536, 0x16)), "ERR_TOKEN_REQUEST"],
  [
    "speaks HTTP",
    async (peer) => {
      await peer.begun
      peer.end(answer(granted()))
    },
    "ERR_TOKEN_REQUEST",
  ],
  [
    "resets the connection",
    async (peer) => {
      await peer.begun
      peer.reset()
    },
    "ERR_TOKEN_REQUEST",
  ],
  [
    "shuts its side down",
    async (peer) => {
      await peer.begun
      peer.end()
    },
    "ERR_TOKEN_REQUEST",
  ],
]

describe.each(GRANTS)("%s: nothing is sent within a handshake in which the issuer", (grant) => {
  it.each(HANDSHAKES)("%s", async (_title, play, code) => {
    await using server = await RawServer.start(play)
    const tokenEndpoint = server.url("/token").replace("http:", "https:")
    const timeoutMs = code === "ERR_TOKEN_REQUEST_TIMEOUT" ? 300 : 20_000
    const end = await endOf(sourceOf(grant, { tokenEndpoint, timeoutMs }).getToken())
    expectUnsent(end, server, code)
  })
})

function expectUnsent(end: unknown, server: RawServer, code = "ERR_TOKEN_REQUEST"): void {
  expect(end).toBeInstanceOf(TokenError)
  expect(end).toMatchObject({ code, transient: true, ambiguous: false })
  expect(leaksIn(end)).toEqual([])
  expect(leaksIn(server.peers.map((peer) => peer.text).join())).toEqual([])
  expect(server.peers.filter((peer) => peer.text.includes("POST"))).toEqual([])
}
