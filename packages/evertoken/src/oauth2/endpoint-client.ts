import {
  allowInsecureRequests,
  clockSkew,
  customFetch,
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  type HttpRequestOptions,
} from "oauth4webapi"
import { systemClock, type Clock } from "../clock.js"
import type { Deadline } from "../deadline.js"
import { TokenError } from "../errors.js"
import type { ProofOfPossession } from "../proof-of-possession.js"
import { patiently } from "../single-flight.js"
import { clientAuthenticationOf } from "./client-authentication.js"
import { unlessAborted, type IssuerAnswer, type IssuerClient } from "./issuer-client.js"
import { issuerConnectionsOf } from "./issuer-connections.js"
import type { EndpointName, FoundEndpoint, IssuerMetadata, IssuerMetadataOptions } from "./issuer-metadata.js"
import { locationOf, type ConfiguredEndpoint, type IssuerLocation, type IssuerOptions } from "./issuer-options.js"
import { isMutualTls } from "./mutual-tls.js"
import { sendProven } from "./proven-request.js"
import { SIGNING_ALGORITHMS } from "./signing-key.js"
import { sharedMetadata } from "./shared-metadata.js"

/** Whom a request is for and how it is sent, in the words of oauth4webapi. */
export interface Addressed {
  readonly server: AuthorizationServer
  readonly client: Client
  readonly authentication: ClientAuth
  readonly options: HttpRequestOptions<"POST", URLSearchParams>
}

/** What was sent, when, and what came back. */
export interface Sent {
  readonly server: AuthorizationServer
  readonly client: Client
  /** Just before it was sent. */
  readonly issuedAt: number
  readonly secrets: readonly string[]
  readonly answer: IssuerAnswer
}

interface Limits {
  readonly signal: AbortSignal | undefined
  readonly deadline: Deadline
}

/** One endpoint of an issuer as one client uses it: found, authenticated at, asked once. Safe to use concurrently. */
export class EndpointClient {
  readonly location: IssuerLocation
  readonly clock: Clock
  readonly #authenticate: ClientAuth
  readonly #metadata: Pick<IssuerMetadata, "get" | "expire">
  readonly #issuerClient: IssuerClient
  readonly #clientId: string
  readonly #clientSecret: string | undefined

  /**
   * @param options asserted before
   * @throws TypeError that names the option.
   */
  constructor(options: IssuerOptions, name: EndpointName, configured: ConfiguredEndpoint) {
    const { issuer, clientId, clientSecret, clientAuthentication, clock = systemClock } = options
    this.location = locationOf(issuer, configured)
    this.clock = clock
    this.#authenticate = clientAuthenticationOf(options)
    const { client, connector } = issuerConnectionsOf(options, clock)
    this.#issuerClient = client
    const context = { client, clock, endpoint: name, mutualTls: isMutualTls(clientAuthentication) }
    this.#metadata = metadataOf(this.location, connector, context)
    this.#clientId = clientId
    this.#clientSecret = clientSecret
  }

  /** Where it is: by the metadata, or as configured. */
  find(signal?: AbortSignal): Promise<FoundEndpoint> {
    const found = this.#metadata.get()
    return signal ? unlessAborted(found, signal) : found
  }

  /** What the metadata say is wrong, it seems: the next request looks for them again. */
  doubt(): void {
    this.#metadata.expire()
  }

  /**
   * Sends what `request` makes, within the deadline of the options.
   * @param dpop the key that the token is to be bound to
   * @returns a promise that rejects with a `TokenError`, or with `signal.reason`.
   */
  async post(
    request: (to: Addressed) => Promise<unknown>,
    signal: AbortSignal | undefined,
    dpop?: ProofOfPossession,
  ): Promise<Sent> {
    signal?.throwIfAborted()
    const deadline = this.#issuerClient.deadline()
    const found = await this.find(signal)
    const send = (headers: Readonly<Record<string, string>>) =>
      this.#post(request, found, { headers, signal, deadline })
    const sent = await (dpop ? sendProven(dpop, found.url.href, send) : send({}))
    if (isGone(sent.answer)) this.doubt()
    return sent
  }

  async #post(
    request: (to: Addressed) => Promise<unknown>,
    { server, url }: FoundEndpoint,
    limits: Limits & { readonly headers: Readonly<Record<string, string>> },
  ): Promise<Sent> {
    const client = this.#client()
    let sent: Sent | undefined
    await request({
      server,
      client,
      authentication: this.#authentication(limits.signal),
      options: {
        headers: { "user-agent": "evertoken", ...limits.headers },
        [allowInsecureRequests]: url.protocol === "http:",
        [customFetch]: async (_url, { method, headers, body }) => {
          const message = { url: url.href, method, headers, body }
          sent = { server, client, ...(await this.#send(message, limits)) }
          return new Response(null)
        },
      },
    })
    if (sent === undefined) throw unsendable("no request was made")
    return sent
  }

  async #send(
    message: {
      readonly url: string
      readonly method: "POST"
      readonly headers: Readonly<Record<string, string>>
      readonly body: URLSearchParams
    },
    { signal, deadline }: Limits,
  ): Promise<Pick<Sent, "issuedAt" | "secrets" | "answer">> {
    const { headers, body } = message
    const issuedAt = this.clock.now()
    const secrets = secretsIn(body, headers["authorization"], this.#clientSecret)
    const answer = await this.#issuerClient.send({ ...message, body: body.toString() }, { signal, deadline })
    return { issuedAt, secrets, answer }
  }

  #client(): Client {
    // oauth4webapi reads the time from a global: this brings it to the clock of the options
    const skewMs = this.clock.now() - systemClock.now()
    return { client_id: this.#clientId, [clockSkew]: Math.round(skewMs / 1000) }
  }

  #authentication(signal: AbortSignal | undefined): ClientAuth {
    return async (...request) => {
      try {
        await patiently(Promise.resolve(this.#authenticate(...request)), signal)
      } catch (error) {
        if (error instanceof TokenError || signal?.aborted) throw error
        throw unsendable("the client assertion could not be signed")
      }
    }
  }
}

function metadataOf(
  { issuer, endpoint: url, issuerId = url?.href ?? "" }: IssuerLocation,
  connector: object,
  options: IssuerMetadataOptions,
): Pick<IssuerMetadata, "get" | "expire"> {
  if (url) return configuredAt(options.endpoint, url, issuerId)
  if (!issuer) throw new TypeError("issuer is required")
  return sharedMetadata(issuer, connector, options)
}

function configuredAt(name: EndpointName, url: URL, issuerId: string): Pick<IssuerMetadata, "get" | "expire"> {
  const server: AuthorizationServer = {
    // the identifier as it was written: the `aud` and `iss` of JWTs are compared character by character
    issuer: issuerId,
    [name]: url.href,
    // nobody said which; without metadata oauth4webapi would take RS256 only
    id_token_signing_alg_values_supported: SIGNING_ALGORITHMS,
  }
  const found: FoundEndpoint = { server, url }
  return { get: () => Promise.resolve(found), expire: () => undefined }
}

/** The issuer has moved its endpoint, perhaps. */
function isGone({ status }: IssuerAnswer): boolean {
  return status === 404 || status === 405 || status === 410
}

// nothing else that is sent is a secret; of a grant that the library does not know, everything may be
const PUBLIC_PARAMETERS = new Set([
  ...["grant_type", "client_id", "client_assertion_type", "scope", "audience", "resource", "token_type_hint"],
  ...["subject_token_type", "actor_token_type", "requested_token_type", "redirect_uri"],
  ...["response_type", "response_mode", "code_challenge", "code_challenge_method", "dpop_jkt"],
  ...["prompt", "login_hint", "max_age", "acr_values", "ui_locales", "display"],
])

function secretsIn(
  form: URLSearchParams,
  authorization: string | undefined,
  clientSecret: string | undefined,
): string[] {
  const inForm = [...form].filter(([name]) => !PUBLIC_PARAMETERS.has(name)).map(([, value]) => value)
  return [...inForm, authorization?.replace(/^Basic /, ""), clientSecret].filter((secret) => typeof secret === "string")
}

function unsendable(what: string): TokenError {
  return new TokenError("ERR_TOKEN_REQUEST", `nothing was sent to the issuer: ${what}`, { transient: false })
}
