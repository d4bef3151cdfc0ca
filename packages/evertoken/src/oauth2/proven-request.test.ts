import { decodeJwt } from "jose"
import { beforeEach, describe, expect, it } from "vitest"
import { ClientCredentialsSource } from "./client-credentials-source.js"
import { DPoPKey } from "./dpop-key.js"
import { RefreshTokenSource } from "./refresh-token-source.js"
import type { TokenEndpointOptions } from "./token-endpoint-options.js"

const granted = { access_token: "at", token_type: "DPoP", expires_in: 60 }
const missing = { error: "use_dpop_nonce", error_description: "a nonce is required" }

interface Answer {
  readonly status?: number
  readonly body: object
  readonly nonce?: string
}

let dpop: DPoPKey
beforeEach(async () => {
  dpop = await DPoPKey.generate()
})

/** An issuer that gives these answers in turn, and what it was sent. */
function issuerAnswering(...answers: readonly Answer[]) {
  const left = [...answers]
  const forms: string[] = []
  const proofs: Record<string, unknown>[] = []
  const fetch = async (_: unknown, { headers, body }: RequestInit = {}): Promise<Response> => {
    forms.push(typeof body === "string" ? body : "")
    const proof = new Headers(headers).get("dpop")
    if (proof !== null) proofs.push(decodeJwt(proof))
    const { status = 200, body: answer, nonce } = left.shift() ?? { status: 500, body: {} }
    return Response.json(answer, { status, headers: nonce === undefined ? {} : { "dpop-nonce": nonce } })
  }
  return { fetch, forms, proofs }
}

const options = {
  tokenEndpoint: "https://id.example.com/token?tenant=1",
  clientId: "app",
  clientAuthentication: "none",
} as const satisfies TokenEndpointOptions

describe("a token request with a key", () => {
  it("goes with a proof for it, and gives a token that is bound", async () => {
    const { fetch, proofs } = issuerAnswering({ body: granted })
    const token = await new ClientCredentialsSource({ ...options, fetch, dpop }).getToken()
    expect(token).toMatchObject({ tokenType: "DPoP", authorization: "DPoP at" })
    expect(proofs).toMatchObject([{ htm: "POST", htu: "https://id.example.com/token" }])
  })

  it("that misses a nonce is sent once more with it, the same but for the proof; later ones have it at once", async () => {
    const { fetch, forms, proofs } = issuerAnswering(
      { status: 400, body: missing, nonce: "n1" },
      { body: granted, nonce: "n2" },
      { body: granted },
    )
    const source = new RefreshTokenSource({ ...options, fetch, dpop, refreshToken: "rt", rotation: "none" })
    await source.getToken()
    await source.getToken()
    expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, "n1", "n2"])
    expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(3)
    expect(new Set(forms).size).toBe(1)
  })

  it.each([
    ["it asks for another nonce again", { status: 400, body: missing, nonce: "n1" }, 2, "use_dpop_nonce", true],
    ["it asks for a nonce and gives none", { status: 400, body: missing }, 1, "use_dpop_nonce", true],
    [
      "it refuses, with a nonce",
      { status: 400, body: { error: "invalid_grant" }, nonce: "n1" },
      1,
      "invalid_grant",
      false,
    ],
    ["it is broken", { status: 500, body: missing, nonce: "n1" }, 1, "use_dpop_nonce", true],
  ])("is not sent further when %s", async (_, answer, requests, error, transient) => {
    const { fetch, forms } = issuerAnswering(answer, answer, answer)
    const source = new RefreshTokenSource({ ...options, fetch, dpop, refreshToken: "rt" })
    await expect(source.getToken()).rejects.toMatchObject({ error, transient })
    expect(forms).toHaveLength(requests)
  })

  it("that cannot be signed is not sent, and tells nothing of the reason", async () => {
    dpop.proof = () => Promise.reject(new Error("hunter2"))
    const { fetch, forms } = issuerAnswering()
    const failing = new ClientCredentialsSource({ ...options, fetch, dpop }).getToken()
    await expect(failing).rejects.toMatchObject({
      code: "ERR_TOKEN_REQUEST",
      message: "nothing was sent to the issuer: the proof of possession could not be signed",
      ambiguous: false,
    })
    expect(forms).toEqual([])
  })
})

describe("tokens of another key are not served:", () => {
  const fingerprints = async (base: TokenEndpointOptions) => {
    const other = await DPoPKey.generate()
    const of = (key?: DPoPKey) =>
      new RefreshTokenSource({ ...base, dpop: key, refreshToken: "rt" }).fingerprint.split(".")
    return {
      grants: [of(), of(dpop), of(other)].map(([grant]) => grant),
      access: [of(), of(dpop), of(other)].map(String),
    }
  }

  it("a public client's refresh tokens are bound to the key, too (RFC 9449, section 5)", async () => {
    const { grants, access } = await fingerprints(options)
    expect([new Set(grants).size, new Set(access).size]).toEqual([3, 3])
  })

  it("those of a client that authenticates are not: the grant is the same", async () => {
    const { grants, access } = await fingerprints({
      ...options,
      clientAuthentication: undefined,
      clientSecret: "a secret",
    })
    expect([new Set(grants).size, new Set(access).size]).toEqual([1, 3])
  })
})

it("what is no key is a TypeError that names the option", () => {
  for (const value of [null, {}, DPoPKey.generate(), "pem"]) {
    expect(() => new ClientCredentialsSource({ ...options, dpop: value as never })).toThrow(/^dpop must be a DPoPKey/)
  }
})
