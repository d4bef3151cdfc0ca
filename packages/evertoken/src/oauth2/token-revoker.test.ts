import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { TokenRevoker, type TokenRevokerOptions } from "./token-revoker.js"

const ISSUER = "https://id.example.com"
const REVOKE = `${ISSUER}/revoke`
const TOKEN = "the-token-to-revoke-0123456789"

function revoking(answer: () => Response | Promise<Response>, options: Partial<TokenRevokerOptions> = {}) {
  const sent: (readonly [string, Record<string, string>])[] = []
  const clock = new VirtualClock()
  const fetch = async (url: unknown, { body }: RequestInit = {}) => {
    sent.push([String(url), Object.fromEntries(new URLSearchParams(typeof body === "string" ? body : ""))])
    return String(url).includes("well-known")
      ? Response.json({ issuer: ISSUER, token_endpoint: `${ISSUER}/token`, revocation_endpoint: REVOKE })
      : answer()
  }
  const common = { clientId: "c", clientAuthentication: "none", fetch, clock } as const
  return { sent, clock, revoker: new TokenRevoker({ ...common, issuer: ISSUER, ...options }) }
}

describe("TokenRevoker", () => {
  it("sends token, hint and client where the issuer's metadata says, which it asks for once", async () => {
    const { revoker, sent } = revoking(() => new Response(null, { status: 200 }))
    await revoker.revoke(TOKEN, { hint: "refresh_token" })
    await revoker.revoke(TOKEN)
    const [metadata, ...revocations] = sent
    expect(metadata?.[0]).toBe(`${ISSUER}/.well-known/oauth-authorization-server`)
    expect(revocations).toEqual([
      [REVOKE, { token: TOKEN, token_type_hint: "refresh_token", client_id: "c" }],
      [REVOKE, { token: TOKEN, client_id: "c" }],
    ])
  })

  it("sends it where it is configured, and discovers nothing", async () => {
    const revocationEndpoint = "https://other.example.com/revoke"
    const { revoker, sent } = revoking(() => new Response(null), { issuer: undefined, revocationEndpoint })
    await revoker.revoke(TOKEN)
    expect(sent.map(([url]) => url)).toEqual([revocationEndpoint])
  })

  it.each([
    [400, { error: "unsupported_token_type" }, { error: "unsupported_token_type", transient: false }],
    [401, { error: "invalid_client" }, { error: "invalid_client", transient: false }],
    [503, {}, { transient: true, retryAfterMs: 7_000 }],
  ])("rejects with what the issuer says with status %d", async (status, body, expected) => {
    const { revoker } = revoking(() => Response.json(body, { status, headers: { "retry-after": "7" } }))
    const failure = revoker.revoke(TOKEN)
    await expect(failure).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE", status, ...expected })
    await expect(failure).rejects.toThrow(`the revocation endpoint answered ${status}`)
  })

  it("shows nothing of an answer that quotes the token", async () => {
    const { revoker } = revoking(() => Response.json({ error: "no", error_description: TOKEN }, { status: 400 }))
    const error: unknown = await revoker.revoke(TOKEN).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ error: "no" })
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(TOKEN)
  })

  it("gives up after its deadline, and when its caller does", async () => {
    const { revoker, clock } = revoking(() => new Promise(() => {}), { revocationEndpoint: REVOKE })
    const late = revoker.revoke(TOKEN).catch((error: unknown) => error)
    await clock.advance(8_000)
    expect(await late).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true })
    const signal = AbortSignal.abort("enough")
    await expect(revoker.revoke(TOKEN, { signal })).rejects.toBe("enough")
  })

  it.each([undefined, "", 7, null])("revokes nothing where there is no token: %j", async (token) => {
    const { revoker, sent } = revoking(() => new Response(null))
    const failure = revoker.revoke(token as unknown as string)
    await expect(failure).rejects.toThrow(TypeError)
    await expect(failure).rejects.toThrow(/^token must be/)
    expect(sent).toEqual([])
  })

  it("needs to know where: metadata without such an endpoint is told so", async () => {
    const fetch = async () => Response.json({ issuer: ISSUER, token_endpoint: `${ISSUER}/token` })
    const { revoker } = revoking(() => new Response(null), { fetch })
    await expect(revoker.revoke(TOKEN)).rejects.toThrow("has no valid revocation_endpoint")
    expect(() => new TokenRevoker({ clientId: "c", clientAuthentication: "none" })).toThrow(
      /^issuer or revocationEndpoint is required/,
    )
  })
})
