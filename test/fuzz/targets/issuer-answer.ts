import fc from "fast-check"
import { TokenError } from "../../../packages/evertoken/src/errors.js"
import { ClientCredentialsSource } from "../../../packages/evertoken/src/oauth2/client-credentials-source.js"
import { RefreshTokenSource } from "../../../packages/evertoken/src/oauth2/refresh-token-source.js"
import { Token } from "../../../packages/evertoken/src/token.js"
import { anyBytes, bytesOf, damaged, join, objectText, text } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { CANARY, promise, promiseIssued, promiseTokenError, promiseUntold } from "../promises.js"
import { refusals } from "./response-error.js"
import { tokenResponses } from "./token-response.js"

const LARGEST = 500
const CODES = ["ERR_TOKEN_RESPONSE", "ERR_TOKEN_RESPONSE_INVALID", "ERR_TOKEN_LIFETIME"] as const

const body = fc.oneof(bytesOf(tokenResponses), bytesOf(refusals), damaged(bytesOf(tokenResponses)), anyBytes)
const head = fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.nat(255)).map((bytes) => Uint8Array.from(bytes))

/** A whole answer, through both grants. The first byte chooses the class of the status, the second the status in it. */
export const issuerAnswer: FuzzTarget = {
  name: "issuer-answer",
  share: 50,
  inputs: fc.tuple(head, body).map(([first, rest]) => join(first, rest)),
  check: async (input) => {
    const [kind = 0, within = 0] = input
    const status = kind % 4 === 0 ? 200 : 200 + (((kind % 4) * 100 + within) % 400)
    const options = {
      tokenEndpoint: "https://id.example.com/token",
      clientId: "me",
      clientSecret: "the-secret",
      maximumResponseBytes: LARGEST,
      fetch: async () => responseOf(status, input.slice(2)),
    }
    for (const source of [
      new ClientCredentialsSource(options),
      new RefreshTokenSource({ ...options, refreshToken: CANARY }),
    ]) {
      const end: unknown = await source.getToken().catch((error: unknown) => error)
      if (end instanceof Token) {
        promise(status >= 200 && status < 300 && input.length - 2 <= LARGEST, "no token comes of a refusal")
        promiseIssued(end)
      } else {
        promiseTokenError(end, CODES)
        // what an issuer writes about its refusal is shown, but for what was sent in secret
        if (source instanceof RefreshTokenSource && end.code !== "ERR_TOKEN_RESPONSE") promiseUntold(end, "a failure")
      }
    }
  },
}

function responseOf(status: number, bytes: Uint8Array): Response {
  const hasNoBody = [204, 205, 304].includes(status)
  return new Response(hasNoBody ? null : Buffer.from(bytes), { status, headers: { "retry-after": "1" } })
}

const metadataTexts = objectText({
  issuer: text("https://id.example.com", "https://other.example"),
  token_endpoint: text(
    "https://id.example.com/token",
    "http://id.example.com/token",
    "http://127.0.0.1/",
    "//x",
    `https://${CANARY}@id.example.com/`,
  ),
  id_token_signing_alg_values_supported: text(["RS256"], "RS256"),
})

/** RFC 8414: the metadata of an issuer, which says where secrets go. */
export const issuerMetadata: FuzzTarget = {
  name: "issuer-metadata",
  share: 50,
  inputs: fc.oneof({ weight: 3, arbitrary: bytesOf(metadataTexts) }, damaged(bytesOf(metadataTexts)), anyBytes),
  check: async (input) => {
    const posted: string[] = []
    const source = new RefreshTokenSource({
      issuer: "https://id.example.com",
      clientId: "me",
      clientAuthentication: "none",
      refreshToken: CANARY,
      fetch: async (url, init) => {
        if (init?.method === "GET") return responseOf(200, input)
        posted.push(url instanceof Request ? url.url : url.toString())
        return Response.json({ access_token: "abc", token_type: "bearer", expires_in: 60 })
      },
    })
    const end: unknown = await source.getToken().catch((error: unknown) => error)
    if (end instanceof TokenError) {
      promiseTokenError(end, ["ERR_TOKEN_RESPONSE_INVALID"])
      promise(!end.ambiguous && posted.length === 0, "without metadata nothing is sent")
      promiseUntold(end, "a failure")
      return
    }
    promise(end instanceof Token, "asking gives a token or a TokenError")
    const [url = ""] = posted
    promise(posted.length === 1 && new URL(url).protocol === "https:", "secrets go to https only, once")
    promise(new URL(url).username === "", "a token endpoint has no user name")
  },
}
