import type { AuthorizationServer } from "oauth4webapi"
import { systemClock } from "../clock.js"
import { TokenError } from "../errors.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import type { TokenRequest, TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { assertionSupply, subjectOf, type Assertion, type AssertionSupply } from "./assertion.js"
import { signedAssertion, type SignedAssertion } from "./signed-assertion.js"
import { TOKEN_ENDPOINT_OPTIONS, type TokenEndpointOptions } from "./token-endpoint-options.js"
import { TokenEndpoint } from "./token-endpoint.js"

export interface JwtBearerOptions extends TokenEndpointOptions {
  /** The JWT, or what the library is to sign itself. */
  readonly assertion: Assertion | SignedAssertion
  /**
   * Whose tokens these are. Needed where `assertion` does not tell: with a function, whose users would share their tokens
   * in one cache; with a file, if workloads that share a cache have it at the same path. Any text; only its hash is kept.
   */
  readonly subject?: string | undefined
}

const OPTIONS: OptionNames<JwtBearerOptions> = { ...TOKEN_ENDPOINT_OPTIONS, assertion: true, subject: true }

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"

/**
 * Tokens for a JWT that says on whose behalf (RFC 7523, section 2.1): each call gets or signs one anew and asks the issuer
 * once. Wrap it in a `CachedTokenSource` or a `TokenWatcher`. A refresh token in the answer is dropped: the next token is
 * got by a JWT, too. Safe to use concurrently.
 */
export class JwtBearerSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse = false
  readonly #endpoint: TokenEndpoint
  readonly #assertion: (server: AuthorizationServer, signal: AbortSignal | undefined) => string | Promise<string>

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: JwtBearerOptions) {
    assertOptions("JwtBearerSource", options, OPTIONS)
    const { assertion, clock = systemClock } = options
    this.#endpoint = new TokenEndpoint(options)
    let supply: Pick<AssertionSupply, "name" | "identity">
    if (isToBeSigned(assertion)) {
      const { issuer, subject } = assertion
      const sign = signedAssertion(assertion, clock)
      supply = { name: "assertion", identity: JSON.stringify([issuer, subject]) }
      this.#assertion = (server) => sign(server.issuer).catch(cannotSign)
    } else {
      const given = assertionSupply("assertion", assertion)
      supply = given
      this.#assertion = (_, signal) => given.get({ signal })
    }
    this.fingerprint = this.#endpoint.fingerprint(subjectOf(options.subject, [supply]), GRANT_TYPE)
  }

  /**
   * @returns a promise that rejects with a `TokenError`: `ERR_TOKEN_SOURCE` if the assertion cannot be had, or as its
   * source does; else as `ClientCredentialsSource` does.
   */
  getToken({ signal }: TokenRequest = {}): Promise<Token> {
    const parameters = async (server: AuthorizationServer) => ({ assertion: await this.#assertion(server, signal) })
    return this.#endpoint.request({ grantType: GRANT_TYPE, parameters, signal, isForUser: false })
  }
}

function isToBeSigned(assertion: unknown): assertion is SignedAssertion {
  return typeof assertion === "object" && assertion !== null && "key" in assertion
}

function cannotSign(error: unknown): never {
  if (error instanceof TokenError) throw error
  const message = "nothing was sent to the issuer: the assertion could not be signed"
  throw new TokenError("ERR_TOKEN_REQUEST", message, { transient: false })
}
