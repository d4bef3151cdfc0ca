import { TokenError } from "../errors.js"
import { describeForeignError } from "../foreign-error.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { patiently } from "../single-flight.js"
import type { TokenRequest, TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { assertText } from "./text-option.js"
import { TOKEN_ENDPOINT_OPTIONS, type TokenEndpointOptions } from "./token-endpoint-options.js"
import { TokenEndpoint } from "./token-endpoint.js"

/** What a grant sends besides what every grant does. */
export type GrantParameters = Readonly<Record<string, string>>

export interface ExtensionGrantOptions extends TokenEndpointOptions {
  /** As the issuer calls it, usually an absolute URI (RFC 6749, section 4.5). */
  readonly grantType: string
  /** Always the same, or a function that is asked for them before each request. Default: none. */
  readonly parameters?:
    | GrantParameters
    | ((request: { readonly signal: AbortSignal | undefined }) => GrantParameters | Promise<GrantParameters>)
    | undefined
  /**
   * Whose tokens these are: the library cannot tell it from the parameters, and users would share their tokens. Any text;
   * only its hash is kept.
   */
  readonly subject: string
}

const OPTIONS: OptionNames<ExtensionGrantOptions> = {
  ...TOKEN_ENDPOINT_OPTIONS,
  grantType: true,
  parameters: true,
  subject: true,
}

/**
 * Tokens by a grant that the library does not know (RFC 6749, section 4.5): each call asks the issuer once. Wrap it in a
 * `CachedTokenSource` or a `TokenWatcher`. A refresh token in the answer is dropped: the next token is got by this grant,
 * too. Safe to use concurrently.
 */
export class ExtensionGrantSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse = false
  readonly #endpoint: TokenEndpoint
  readonly #grantType: string
  readonly #parameters: (request: { readonly signal: AbortSignal | undefined }) => unknown

  /** @throws TypeError that names the option, and shows nothing of a secret. */
  constructor(options: ExtensionGrantOptions) {
    assertOptions("ExtensionGrantSource", options, OPTIONS)
    const { grantType, parameters = {}, subject } = options
    assertText("grantType", grantType)
    assertText("subject", subject)
    if (typeof parameters === "function") this.#parameters = parameters
    else {
      const copy = formOf(parameters)
      if (copy === undefined)
        throw new TypeError(`parameters must be an object of texts, without ${RESERVED.join(", ")}`)
      this.#parameters = () => copy
    }
    this.#endpoint = new TokenEndpoint(options)
    this.#grantType = grantType
    this.fingerprint = this.#endpoint.fingerprint(subject, grantType)
  }

  /**
   * @returns a promise that rejects with a `TokenError`: `ERR_TOKEN_SOURCE` if the parameters cannot be had; else as
   * `ClientCredentialsSource` does.
   */
  getToken({ signal }: TokenRequest = {}): Promise<Token> {
    const parameters = () => patiently(this.#current(signal), signal)
    return this.#endpoint.request({ grantType: this.#grantType, parameters, signal, isForUser: false })
  }

  async #current(signal: AbortSignal | undefined): Promise<GrantParameters> {
    let given: unknown
    try {
      given = await this.#parameters({ signal })
    } catch (error) {
      if (error instanceof TokenError) throw error
      throw failed(`could not be had: ${describeForeignError(error)}`, { transient: true })
    }
    const form = formOf(given)
    if (form !== undefined) return form
    throw failed(`are no object of texts, without ${RESERVED.join(", ")}`, { transient: false })
  }
}

// what other options say
const RESERVED = ["grant_type", "client_id", "client_secret", "client_assertion", "scope", "audience", "resource"]

/** A copy; undefined if a form cannot hold it. */
function formOf(parameters: unknown): GrantParameters | undefined {
  if (typeof parameters !== "object" || parameters === null) return undefined
  const entries: [string, string][] = []
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== "string" || RESERVED.includes(name)) return undefined
    entries.push([name, value])
  }
  return Object.fromEntries(entries)
}

function failed(what: string, { transient }: { readonly transient: boolean }): TokenError {
  return new TokenError("ERR_TOKEN_SOURCE", `the parameters of the grant ${what}`, { transient })
}
