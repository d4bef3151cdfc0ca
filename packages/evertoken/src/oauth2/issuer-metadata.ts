import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
  type AuthorizationServer,
} from "oauth4webapi"
import { TokenError, TokenResponseError } from "../errors.js"
import { isSecureUrl } from "../secure-url.js"
import type { IssuerAnswer, IssuerClient } from "./issuer-client.js"
import { jsonObjectOf } from "./json-object.js"
import { shownText } from "./shown-text.js"

/** Of an issuer's metadata, what a token request needs. */
export type TokenServer = AuthorizationServer & { readonly token_endpoint: string }

// RFC 8414 first; many issuers have only the older OpenID Connect Discovery
const WELL_KNOWN = ["oauth2", "oidc"] as const

const MEND = "issuer is the identifier without /.well-known/…; or give tokenEndpoint"

/** An answer, and where it came from. */
interface MetadataAnswer extends IssuerAnswer {
  readonly url: string
}

/** Discovers an issuer's metadata at most once: callers share one flight; a failure is not kept. */
export class IssuerMetadata {
  readonly #issuer: URL
  readonly #client: IssuerClient
  #discovered: Promise<TokenServer> | undefined

  constructor(issuer: URL, client: IssuerClient) {
    this.#issuer = issuer
    this.#client = client
  }

  /** @returns a promise that rejects with a `TokenError`, never ambiguous: no secret was sent. */
  get(): Promise<TokenServer> {
    this.#discovered ??= this.#discover().catch((error: unknown) => {
      this.#discovered = undefined
      throw error
    })
    return this.#discovered
  }

  async #discover(): Promise<TokenServer> {
    let failure: TokenError | undefined
    for (const algorithm of WELL_KNOWN) {
      const answer = await this.#ask(algorithm)
      const found = await this.#judge(answer)
      if (!(found instanceof TokenError)) return found
      if (found.transient) throw found
      // a document that cannot be used tells more than the absence of another
      if (failure === undefined || failure instanceof TokenResponseError) failure = found
    }
    throw failure ?? unusable("is not there")
  }

  async #ask(algorithm: (typeof WELL_KNOWN)[number]): Promise<MetadataAnswer> {
    const client = this.#client
    let answer: MetadataAnswer | undefined
    await discoveryRequest(this.#issuer, {
      algorithm,
      headers: { "user-agent": "evertoken" },
      [allowInsecureRequests]: isSecureUrl(this.#issuer),
      [customFetch]: async (url, { method, headers }) => {
        answer = { ...(await client.send({ url, method, headers })), url }
        return new Response(null)
      },
    })
    return answer ?? { status: 0, header: () => undefined, text: undefined, url: this.#issuer.href }
  }

  async #judge({ status, text, url }: MetadataAnswer): Promise<TokenServer | TokenError> {
    if (status !== 200) {
      const transient = status >= 500 || status === 429 || status === 408
      const message = `the issuer has no metadata at ${url}: it answered ${status}${transient ? "" : `. ${MEND}`}`
      return new TokenResponseError(message, { status, transient })
    }
    try {
      const metadata = await processDiscoveryResponse(this.#issuer, new Response(text ?? null))
      return withTokenEndpoint(metadata, this.#issuer)
    } catch (error) {
      return error instanceof TokenError ? error : this.#notValid(codeOf(error), text)
    }
  }

  #notValid(code: string, text: string | undefined): TokenError {
    const configured = this.#issuer.href
    const named = shownText(jsonObjectOf(text)?.["issuer"], [])
    if (code === "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED" && named !== undefined) {
      return unusable(`is that of ${named}, but the issuer is configured as ${configured} (${code})`)
    }
    return unusable(`is not valid for ${configured} (${code}). ${MEND}`)
  }
}

function withTokenEndpoint(metadata: AuthorizationServer, issuer: URL): TokenServer {
  const { token_endpoint: endpoint } = metadata
  if (typeof endpoint !== "string" || !URL.canParse(endpoint)) throw unusable("has no valid token_endpoint")
  const url = new URL(endpoint)
  // plain http to this machine is for an issuer on this machine: another one does not get to send secrets there
  if (!isSecureUrl(url) || (issuer.protocol === "https:" && url.protocol !== "https:")) {
    throw unusable("has a token_endpoint that is not https")
  }
  // fetch refuses such a URL as a program's mistake, long after it was believed
  if (url.username !== "" || url.password !== "") throw unusable("has a token_endpoint with a user name or password")
  return { ...metadata, token_endpoint: url.href }
}

function unusable(what: string): TokenError {
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", `the issuer's metadata ${what}`, { transient: false })
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "not JSON"
}
