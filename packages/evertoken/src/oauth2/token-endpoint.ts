import { genericTokenEndpointRequest, type AuthorizationServer } from "oauth4webapi"
import type { LifetimePolicy } from "../token-lifetime.js"
import { fingerprintOf } from "../token-source.js"
import type { Token } from "../token.js"
import type { DPoPKey } from "./dpop-key.js"
import { EndpointClient } from "./endpoint-client.js"
import { isRefusal, responseErrorOf } from "./response-error.js"
import { assertTokenEndpointOptions, resourcesOf, type TokenEndpointOptions } from "./token-endpoint-options.js"
import { tokenFrom } from "./token-response.js"

/** The grants of a user who signs in: what is asked for was said before, where the user could see it. */
export const AUTHORIZATION_CODE = "authorization_code"
export const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

/** One grant, to be asked for once. */
export interface GrantRequest {
  readonly grantType: string
  /** A function is called for each request that is sent, with whom it is sent to. */
  readonly parameters?: GrantParameters | ((server: AuthorizationServer) => Promise<GrantParameters>)
  /** The answer must have an ID token with it. */
  readonly expectedNonce?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Whether a refresh token and an ID token in the answer are for this grant; if not, they are dropped. Default true. */
  readonly isForUser?: boolean
}

type GrantParameters = Readonly<Record<string, string>>

/** An issuer's token endpoint (RFC 6749, section 3.2) as one client sees it. Safe to use concurrently. */
export class TokenEndpoint {
  readonly #endpoint: EndpointClient
  readonly #policy: LifetimePolicy
  readonly #clientId: string
  /** Scope, audience and resources, by their names on the wire. */
  readonly asked: readonly [string, string][]
  readonly #dpop: DPoPKey | undefined
  readonly #isPublic: boolean

  /** @throws TypeError that names the option. */
  constructor(options: TokenEndpointOptions) {
    assertTokenEndpointOptions(options)
    this.#endpoint = new EndpointClient(options, "token_endpoint", ["tokenEndpoint", options.tokenEndpoint])
    this.#policy = policyOf(options)
    this.#clientId = options.clientId
    this.asked = parametersOf(options)
    this.#dpop = options.dpop
    this.#isPublic = options.clientAuthentication === "none"
  }

  /** The {@link TokenSource.fingerprint} of a source that asks here in the name of `subject`. */
  fingerprint(...subject: readonly (string | undefined)[]): string {
    const { issuer, endpoint } = this.#endpoint.location
    const valuesOf = (name: string) => this.asked.filter(([asked]) => asked === name).map(([, value]) => value)
    const access = ["scope", "audience", "resource"].map((name) => valuesOf(name).join(" ") || undefined)
    const key = this.#dpop === undefined ? [] : [`dpop:${this.#dpop.thumbprint}`]
    // the refresh tokens of a public client are bound to the key, too (RFC 9449, section 5)
    const grant = [(issuer ?? endpoint)?.href, this.#clientId, ...subject, ...(this.#isPublic ? key : [])]
    return fingerprintOf({ grant, access: [...access, ...key] })
  }

  /** Finds the issuer's metadata. @returns a promise that rejects with a `TokenError`, or with `signal.reason`. */
  async prepare(signal: AbortSignal): Promise<void> {
    await this.#endpoint.find(signal)
  }

  /** @returns a promise that rejects with a `TokenError`, or with `signal.reason`. */
  async request({ grantType, parameters = {}, expectedNonce, signal, isForUser = true }: GrantRequest): Promise<Token> {
    const { location, clock } = this.#endpoint
    const isInteractive = grantType === AUTHORIZATION_CODE || grantType === DEVICE_CODE
    // RFC 6749, section 4.1.3; RFC 8628, section 3.4; RFC 8707, section 2.2
    const asked = isInteractive ? this.asked.filter(([name]) => name === "resource") : this.asked
    const parametersAt = typeof parameters === "function" ? parameters : () => Promise.resolve(parameters)
    const { answer, secrets, ...sent } = await this.#endpoint.post(
      async ({ server, client, authentication, options }) => {
        const form = new URLSearchParams([...asked, ...Object.entries(await parametersAt(server))])
        return await genericTokenEndpointRequest(server, client, authentication, grantType, form, options)
      },
      signal,
      this.#dpop,
    )
    if (isRefusal(answer)) throw responseErrorOf(answer, { grantType, secrets, now: clock.now() })
    try {
      return await tokenFrom(answer.text, {
        ...sent,
        policy: this.#policy,
        isForUser,
        knowsIssuer: location.issuer !== undefined,
        expectedNonce,
      })
    } catch (error) {
      // the issuer signs with keys of another kind by now, perhaps
      this.#endpoint.doubt()
      throw error
    }
  }
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
