import { introspectionRequest } from "oauth4webapi"
import { TokenError } from "../errors.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { EndpointClient } from "./endpoint-client.js"
import { assertIssuerOptions, ISSUER_OPTIONS, type IssuerOptions } from "./issuer-options.js"
import { assertText } from "./text-option.js"
import { jsonObjectOf } from "./json-object.js"
import { responseErrorOf } from "./response-error.js"
import { parametersOf, type TokenQuestion } from "./token-question.js"

/** One of `issuer` and `introspectionEndpoint` is required. */
export interface TokenIntrospectorOptions extends IssuerOptions {
  /** The introspection endpoint, an `https` URL (`http` for this machine only). */
  readonly introspectionEndpoint?: string | undefined
}

const NAMES: OptionNames<TokenIntrospectorOptions> = { ...ISSUER_OPTIONS, introspectionEndpoint: true }

/** What an issuer says of a token (RFC 7662, section 2.2). All but `active` is absent where it says nothing of it. */
export interface TokenIntrospection {
  /** Whether it is in force here and now, for whoever asks. */
  readonly active: boolean
  /** Separated by spaces. */
  readonly scope?: string
  readonly clientId?: string
  readonly subject?: string
  readonly audience?: readonly string[]
  /** Epoch milliseconds. */
  readonly issuedAt?: number
  /** Epoch milliseconds. */
  readonly expiresAt?: number
  /** Everything that the issuer says, by its names and in its units. */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Asks an issuer what a token is good for (RFC 7662): for a server that is given opaque tokens. Keeps no answer; each
 * question is one request. Safe to use concurrently.
 */
export class TokenIntrospector {
  readonly #endpoint: EndpointClient

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: TokenIntrospectorOptions) {
    assertOptions("TokenIntrospector", options, NAMES)
    assertIssuerOptions(options)
    const configured = ["introspectionEndpoint", options.introspectionEndpoint] as const
    this.#endpoint = new EndpointClient(options, "introspection_endpoint", configured)
  }

  /**
   * A token that the issuer does not know, that has ended, or that the client may not ask about is not active, which is
   * no error (section 2.2).
   * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_REQUEST`, `ERR_TOKEN_REQUEST_TIMEOUT`,
   * `ERR_TOKEN_RESPONSE`, `ERR_TOKEN_RESPONSE_INVALID`), or with `signal.reason`; with a `TypeError` if there is no
   * token to ask about.
   */
  async introspect(token: string, { hint, signal }: TokenQuestion = {}): Promise<TokenIntrospection> {
    assertText("token", token)
    const additionalParameters = parametersOf(hint)
    const { answer, secrets } = await this.#endpoint.post(
      ({ server, client, authentication, options }) =>
        introspectionRequest(server, client, authentication, token, { ...options, additionalParameters }),
      signal,
    )
    if (answer.status < 200 || answer.status > 299) {
      throw responseErrorOf(answer, { endpoint: "introspection endpoint", secrets, now: this.#endpoint.clock.now() })
    }
    return introspectionFrom(answer.text)
  }
}

function introspectionFrom(text: string | undefined): TokenIntrospection {
  const claims = jsonObjectOf(text)
  const active = claims?.["active"]
  // nothing but true lets anybody in, and what is neither is no answer
  if (claims === undefined || typeof active !== "boolean") throw invalid()
  const { scope, client_id: clientId, sub: subject, aud, iat, exp } = claims
  const audience = [aud].flat().filter((name) => typeof name === "string")
  return {
    active,
    ...(typeof scope === "string" && { scope }),
    ...(typeof clientId === "string" && { clientId }),
    ...(typeof subject === "string" && { subject }),
    ...(audience.length > 0 && { audience }),
    ...(typeof iat === "number" && { issuedAt: iat * 1000 }),
    ...(typeof exp === "number" && { expiresAt: exp * 1000 }),
    claims,
  }
}

function invalid(): TokenError {
  const message = "the introspection endpoint's answer does not say whether the token is active"
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", message, { transient: true })
}
