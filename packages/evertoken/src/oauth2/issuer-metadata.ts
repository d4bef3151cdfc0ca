import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
  type AuthorizationServer,
} from "oauth4webapi"
import type { Clock } from "../clock.js"
import { Deadline } from "../deadline.js"
import { TokenError, TokenResponseError } from "../errors.js"
import { isSecureUrl } from "../secure-url.js"
import type { IssuerAnswer, IssuerClient } from "./issuer-client.js"
import { jsonObjectOf } from "./json-object.js"
import { retryAfterMs } from "../retry-after.js"
import { shownText } from "../shown-text.js"

/** An endpoint as metadata names it. */
export type EndpointName =
  | "token_endpoint"
  | "revocation_endpoint"
  | "introspection_endpoint"
  | "authorization_endpoint"
  | "pushed_authorization_request_endpoint"
  | "device_authorization_endpoint"

/** Where to send what is for an endpoint, and the metadata that says so. */
export interface FoundEndpoint {
  readonly server: AuthorizationServer
  readonly url: URL
}

export interface IssuerMetadataOptions {
  readonly client: IssuerClient
  readonly clock: Clock
  /** Which one is looked for. */
  readonly endpoint: EndpointName
  /** Whether that for mutual TLS is preferred. */
  readonly mutualTls: boolean
}

// RFC 8414 first; many issuers have only the older OpenID Connect Discovery
const WELL_KNOWN = ["oauth2", "oidc"] as const

const MEND = "issuer is the identifier without /.well-known/…; or give the endpoint itself"

/** An answer, and where it came from. */
interface MetadataAnswer extends IssuerAnswer {
  readonly url: string
}

const MAXIMUM_AGE_MS = 3_600_000

/**
 * Discovers an endpoint in an issuer's metadata: callers share one flight, and use what it found for an hour. What cannot be had anew
 * then stays in use for another hour; a first failure is not kept.
 */
export class IssuerMetadata {
  readonly #issuer: URL
  readonly #client: IssuerClient
  readonly #clock: Clock
  readonly #endpoint: EndpointName
  readonly #mutualTls: boolean
  #flight: Promise<FoundEndpoint> | undefined
  #found: FoundEndpoint | undefined
  #goodFor: Deadline | undefined

  constructor(issuer: URL, { client, clock, endpoint, mutualTls }: IssuerMetadataOptions) {
    this.#issuer = issuer
    this.#client = client
    this.#clock = clock
    this.#endpoint = endpoint
    this.#mutualTls = mutualTls
  }

  /** @returns a promise that rejects with a `TokenError`, never ambiguous: no secret was sent. */
  get(): Promise<FoundEndpoint> {
    if (this.#found && this.#goodFor && this.#goodFor.remainingMs() > 0) return Promise.resolve(this.#found)
    this.#flight ??= this.#refresh().finally(() => (this.#flight = undefined))
    return this.#flight
  }

  /** It is wrong, it seems: the next caller has it looked for again. */
  expire(): void {
    this.#goodFor = undefined
  }

  async #refresh(): Promise<FoundEndpoint> {
    const known = this.#found
    // half of the time is left for the request that the known metadata may well be good for
    const deadline = this.#client.deadline(known ? 0.5 : 1)
    this.#found = await this.#discover(deadline).catch((error: unknown) => {
      if (known) return known
      throw error
    })
    this.#goodFor = new Deadline(this.#clock, MAXIMUM_AGE_MS)
    return this.#found
  }

  async #discover(deadline: Deadline): Promise<FoundEndpoint> {
    let failure: TokenError | undefined
    for (const algorithm of WELL_KNOWN) {
      const answer = await this.#ask(algorithm, deadline)
      const found = await this.#judge(answer)
      if (!(found instanceof TokenError)) return found
      if (found.transient) throw found
      // a document that cannot be used tells more than the absence of another
      if (failure === undefined || failure instanceof TokenResponseError) failure = found
    }
    throw failure ?? unusable("is not there")
  }

  async #ask(algorithm: (typeof WELL_KNOWN)[number], deadline: Deadline): Promise<MetadataAnswer> {
    const client = this.#client
    let answer: MetadataAnswer | undefined
    await discoveryRequest(this.#issuer, {
      algorithm,
      headers: { "user-agent": "evertoken" },
      [allowInsecureRequests]: isSecureUrl(this.#issuer),
      [customFetch]: async (url, { method, headers }) => {
        answer = { ...(await client.send({ url, method, headers }, { deadline })), url }
        return new Response(null)
      },
    })
    return answer ?? { status: 0, header: () => undefined, text: undefined, url: this.#issuer.href }
  }

  async #judge({ status, header, text, url }: MetadataAnswer): Promise<FoundEndpoint | TokenError> {
    if (status !== 200) {
      const transient = status >= 500 || status === 429 || status === 408
      const message = `the issuer has no metadata at ${url}: it answered ${status}${transient ? "" : `. ${MEND}`}`
      return new TokenResponseError(message, {
        status,
        transient,
        retryAfterMs: retryAfterMs(header("retry-after"), this.#clock.now()),
      })
    }
    try {
      const metadata = await processDiscoveryResponse(this.#issuer, new Response(text ?? null))
      return this.#endpointIn(metadata)
    } catch (error) {
      return error instanceof TokenError ? error : this.#notValid(codeOf(error), text)
    }
  }

  #endpointIn(metadata: AuthorizationServer): FoundEndpoint {
    const name = this.#endpoint
    const alias = this.#mutualTls ? metadata.mtls_endpoint_aliases?.[name] : undefined
    const value: unknown = alias ?? metadata[name]
    if (typeof value !== "string" || !URL.canParse(value)) throw unusable(`has no valid ${name}`)
    const url = new URL(value)
    // plain http to this machine is for an issuer on this machine: another one does not get to send secrets there
    if (!isSecureUrl(url) || (this.#issuer.protocol === "https:" && url.protocol !== "https:")) {
      throw unusable(`has a ${name} that is not https`)
    }
    // fetch refuses such a URL as a program's mistake, long after it was believed
    if (url.username !== "" || url.password !== "") throw unusable(`has a ${name} with a user name or password`)
    return { server: { ...metadata, [name]: url.href }, url }
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

function unusable(what: string): TokenError {
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", `the issuer's metadata ${what}`, { transient: false })
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "not JSON"
}
