/** What kind of token it is; issuers look further if they do not find it (RFC 7009, section 2.1). */
export type TokenTypeHint = "access_token" | "refresh_token"

/** What goes with a token that an issuer is told or asked of. */
export interface TokenQuestion {
  readonly hint?: TokenTypeHint | undefined
  /** This caller's patience. */
  readonly signal?: AbortSignal | undefined
}

/** The hint as a form has it. */
export function parametersOf(hint: TokenTypeHint | undefined): Record<string, string> {
  return hint === undefined ? {} : { token_type_hint: hint }
}
