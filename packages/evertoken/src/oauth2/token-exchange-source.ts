import { assertOptions, type OptionNames } from "../options-object.js"
import type { TokenRequest, TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { assertionSupply, subjectOf, type Assertion, type AssertionSupply } from "./assertion.js"
import { TOKEN_ENDPOINT_OPTIONS, type TokenEndpointOptions } from "./token-endpoint-options.js"
import { TokenEndpoint } from "./token-endpoint.js"

const NAMES = ["access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt"] as const

/** A kind of token: one of RFC 8693, section 3, by its last word, or any other by its URI. */
export type TokenTypeName = (typeof NAMES)[number] | `${string}:${string}`

export interface TokenExchangeOptions extends TokenEndpointOptions {
  /** On whose behalf (RFC 8693, section 2.1). */
  readonly subjectToken: Assertion
  readonly subjectTokenType: TokenTypeName
  /** Who acts, if it is not the client. */
  readonly actorToken?: Assertion | undefined
  /** Needed with `actorToken`. */
  readonly actorTokenType?: TokenTypeName | undefined
  /** Default: as the issuer likes. */
  readonly requestedTokenType?: TokenTypeName | undefined
  /**
   * Whose tokens these are. Needed where `subjectToken` or `actorToken` does not tell: with a function, whose users would
   * share their tokens in one cache; with a file, if workloads that share a cache have it at the same path. Any text;
   * only its hash is kept.
   */
  readonly subject?: string | undefined
}

const OPTIONS: OptionNames<TokenExchangeOptions> = {
  ...TOKEN_ENDPOINT_OPTIONS,
  subjectToken: true,
  subjectTokenType: true,
  actorToken: true,
  actorTokenType: true,
  requestedTokenType: true,
  subject: true,
}

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"

/**
 * Tokens in exchange for others (RFC 8693): each call gets these anew and asks the issuer once. Wrap it in a
 * `CachedTokenSource` or a `TokenWatcher`. A refresh token in the answer is dropped: the next token is exchanged, too.
 * Safe to use concurrently.
 */
export class TokenExchangeSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse = false
  readonly #endpoint: TokenEndpoint
  readonly #supplies: readonly AssertionSupply[]
  readonly #types: Readonly<Record<string, string>>

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: TokenExchangeOptions) {
    assertOptions("TokenExchangeSource", options, OPTIONS)
    const { actorToken, actorTokenType, requestedTokenType } = options
    this.#supplies = [assertionSupply("subjectToken", options.subjectToken)]
    this.#types = { subject_token_type: uriOf("subjectTokenType", options.subjectTokenType) }
    if (actorToken !== undefined) {
      this.#supplies = [...this.#supplies, assertionSupply("actorToken", actorToken)]
      this.#types = { ...this.#types, actor_token_type: uriOf("actorTokenType", actorTokenType) }
    } else if (actorTokenType !== undefined) throw new TypeError("actorToken is missing, but actorTokenType is given")
    const requested = requestedTokenType && uriOf("requestedTokenType", requestedTokenType)
    if (requested !== undefined) this.#types = { ...this.#types, requested_token_type: requested }
    this.#endpoint = new TokenEndpoint(options)
    this.fingerprint = this.#endpoint.fingerprint(subjectOf(options.subject, this.#supplies), GRANT_TYPE, requested)
  }

  /**
   * @returns a promise that rejects with a `TokenError`: `ERR_TOKEN_SOURCE` if a token to be exchanged cannot be had, or
   * as its source does; else as `ClientCredentialsSource` does.
   */
  getToken({ signal }: TokenRequest = {}): Promise<Token> {
    const parameters = async () => {
      const [subject = "", actor] = await Promise.all(this.#supplies.map(({ get }) => get({ signal })))
      return { ...this.#types, subject_token: subject, ...(actor !== undefined && { actor_token: actor }) }
    }
    return this.#endpoint.request({ grantType: GRANT_TYPE, parameters, signal, isForUser: false })
  }
}

function uriOf(option: string, type: unknown): string {
  if (NAMES.some((name) => name === type)) return `urn:ietf:params:oauth:token-type:${String(type)}`
  if (typeof type === "string" && URL.canParse(type)) return type
  throw new TypeError(`${option} must be ${NAMES.join(", ")}, or an absolute URI`)
}
