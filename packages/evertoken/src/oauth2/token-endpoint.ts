import {
  allowInsecureRequests,
  clockSkew,
  customFetch,
  genericTokenEndpointRequest,
  type Client,
  type ClientAuth,
} from "oauth4webapi"
import { systemClock, type Clock } from "../clock.js"
import type { Deadline } from "../deadline.js"
import { TokenError } from "../errors.js"
import type { LifetimePolicy } from "../token-lifetime.js"
import { fingerprintOf } from "../token-source.js"
import type { Token } from "../token.js"
import { clientAuthenticationOf } from "./client-authentication.js"
import { exchangeByDispatcher, exchangeByFetch, freshConnections } from "./http-exchange.js"
import { IssuerClient, unlessAborted, type IssuerAnswer } from "./issuer-client.js"
import { IssuerMetadata, type TokenServer } from "./issuer-metadata.js"
import { isRefusal, responseErrorOf } from "./response-error.js"
import {
  assertTokenEndpointOptions,
  locationOf,
  resourcesOf,
  type TokenEndpointLocation,
  type TokenEndpointOptions,
} from "./token-endpoint-options.js"
import { SIGNING_ALGORITHMS } from "./signing-key.js"
import { tokenFrom } from "./token-response.js"

/** One grant, to be asked for once. */
export interface GrantRequest {
  readonly grantType: "client_credentials" | "refresh_token"
  readonly parameters?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** What was sent, and when. */
interface Sent {
  readonly issuedAt: number
  readonly secrets: readonly string[]
  readonly answer: IssuerAnswer
}

/** An issuer's token endpoint (RFC 6749, section 3.2) as one client sees it. Safe to use concurrently. */
export class TokenEndpoint {
  readonly #location: TokenEndpointLocation
  readonly #authenticate: ClientAuth
  readonly #metadata: Pick<IssuerMetadata, "get" | "expire">
  readonly #issuerClient: IssuerClient
  readonly #clock: Clock
  readonly #policy: LifetimePolicy
  readonly #clientId: string
  readonly #clientSecret: string | undefined
  readonly #asked: readonly [string, string][]

  /** @throws TypeError that names the option. */
  constructor(options: TokenEndpointOptions) {
    assertTokenEndpointOptions(options)
    this.#location = locationOf(options)
    this.#authenticate = clientAuthenticationOf(options)
    this.#clock = options.clock ?? systemClock
    this.#issuerClient = issuerClientOf(options, this.#clock)
    this.#metadata = metadataOf(this.#location, { client: this.#issuerClient, clock: this.#clock })
    this.#policy = policyOf(options)
    this.#clientId = options.clientId
    this.#clientSecret = options.clientSecret
    this.#asked = parametersOf(options)
  }

  /** The {@link TokenSource.fingerprint} of a source that asks here in the name of `subject`. */
  fingerprint(...subject: readonly (string | undefined)[]): string {
    const { issuer, tokenEndpoint } = this.#location
    const valuesOf = (name: string) => this.#asked.filter(([asked]) => asked === name).map(([, value]) => value)
    const access = ["scope", "audience", "resource"].map((name) => valuesOf(name).join(" ") || undefined)
    return fingerprintOf({ grant: [(issuer ?? tokenEndpoint)?.href, this.#clientId, ...subject], access })
  }

  /** Finds the issuer's metadata. @returns a promise that rejects with a `TokenError`, or with `signal.reason`. */
  async prepare(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#metadata.get(), signal)
  }

  /** @returns a promise that rejects with a `TokenError`, or with `signal.reason`. */
  async request({ grantType, parameters = {}, signal }: GrantRequest): Promise<Token> {
    signal?.throwIfAborted()
    const deadline = this.#issuerClient.deadline()
    const discovered = this.#metadata.get()
    const server = await (signal ? unlessAborted(discovered, signal) : discovered)
    const client = this.#client()
    const form = new URLSearchParams([...this.#asked, ...Object.entries(parameters)])
    const { issuedAt, secrets, answer } = await this.#send({ server, client, grantType, form, signal, deadline })
    if (isGone(answer)) this.#metadata.expire()
    if (isRefusal(answer)) throw responseErrorOf(answer, { grantType, secrets, now: this.#clock.now() })
    return tokenFrom(answer.text, {
      server,
      client,
      issuedAt,
      policy: this.#policy,
      isForUser: grantType !== "client_credentials",
      knowsIssuer: this.#location.issuer !== undefined,
    })
  }

  async #send(request: {
    readonly server: TokenServer
    readonly client: Client
    readonly grantType: string
    readonly form: URLSearchParams
    readonly signal: AbortSignal | undefined
    readonly deadline: Deadline
  }): Promise<Sent> {
    const { server, client, grantType, form, signal, deadline } = request
    let sent: Sent | undefined
    await genericTokenEndpointRequest(server, client, this.#authentication(), grantType, form, {
      headers: { "user-agent": "evertoken" },
      [allowInsecureRequests]: new URL(server.token_endpoint).protocol === "http:",
      [customFetch]: async (url, { method, headers, body }) => {
        const issuedAt = this.#clock.now()
        const secrets = secretsIn(body, headers["authorization"], this.#clientSecret)
        const answer = await this.#issuerClient.send(
          { url, method, headers, body: body.toString() },
          { signal, deadline },
        )
        sent = { issuedAt, secrets, answer }
        return new Response(null)
      },
    })
    if (sent === undefined) throw unsendable("nothing was sent")
    return sent
  }

  #client(): Client {
    // oauth4webapi reads the time from a global: this brings it to the clock of the options
    const skewMs = this.#clock.now() - systemClock.now()
    return { client_id: this.#clientId, [clockSkew]: Math.round(skewMs / 1000) }
  }

  #authentication(): ClientAuth {
    return async (...request) => {
      try {
        await this.#authenticate(...request)
      } catch {
        throw unsendable("the client assertion could not be signed")
      }
    }
  }
}

function issuerClientOf(options: TokenEndpointOptions, clock: Clock): IssuerClient {
  const { fetch, dispatcher, timeoutMs = 8_000, maximumResponseBytes = 1_048_576 } = options
  const exchange = fetch ? exchangeByFetch(fetch) : exchangeByDispatcher(dispatcher ?? freshConnections(timeoutMs))
  return new IssuerClient({ exchange, tellsSending: fetch === undefined }, { timeoutMs, maximumResponseBytes, clock })
}

function metadataOf(
  { issuer, issuerId, tokenEndpoint }: TokenEndpointLocation,
  context: { readonly client: IssuerClient; readonly clock: Clock },
): Pick<IssuerMetadata, "get" | "expire"> {
  if (tokenEndpoint) {
    // the identifier as it was written: the `aud` and `iss` of JWTs are compared character by character
    const server = {
      issuer: issuerId ?? tokenEndpoint.href,
      token_endpoint: tokenEndpoint.href,
      // nobody said which; without metadata oauth4webapi would take RS256 only
      id_token_signing_alg_values_supported: SIGNING_ALGORITHMS,
    }
    return { get: () => Promise.resolve(server), expire: () => undefined }
  }
  if (!issuer) throw new TypeError("issuer or tokenEndpoint is required")
  return new IssuerMetadata(issuer, context)
}

/** The issuer has moved its token endpoint, perhaps. */
function isGone({ status }: IssuerAnswer): boolean {
  return status === 404 || status === 405 || status === 410
}

function parametersOf({ scope, audience, resource }: TokenEndpointOptions): [string, string][] {
  const parameters = new URLSearchParams()
  if (scope !== undefined) parameters.append("scope", scope)
  if (audience !== undefined) parameters.append("audience", audience)
  for (const uri of resourcesOf(resource)) parameters.append("resource", uri)
  return [...parameters]
}

function policyOf({ freshness, minimumStaleMs, refreshLeadMs, defaultLifetimeMs }: LifetimePolicy): LifetimePolicy {
  return {
    ...(freshness !== undefined && { freshness }),
    ...(minimumStaleMs !== undefined && { minimumStaleMs }),
    ...(refreshLeadMs !== undefined && { refreshLeadMs }),
    ...(defaultLifetimeMs !== undefined && { defaultLifetimeMs }),
  }
}

const SECRET_PARAMETERS = ["client_secret", "client_assertion", "refresh_token"]

function secretsIn(
  form: URLSearchParams,
  authorization: string | undefined,
  clientSecret: string | undefined,
): string[] {
  const inForm = SECRET_PARAMETERS.map((name) => form.get(name))
  return [...inForm, authorization?.replace(/^Basic /, ""), clientSecret].filter((secret) => typeof secret === "string")
}

function unsendable(what: string): TokenError {
  return new TokenError("ERR_TOKEN_REQUEST", `no token was asked for: ${what}`, { transient: false })
}
