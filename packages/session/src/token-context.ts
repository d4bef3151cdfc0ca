/**
 * One request and its response, as far as tokens are concerned. The adapters of the frameworks make it; by hand it is made
 * of two lines. For one request only: what has been set or deleted in it is what `get` then gives.
 */
export interface TokenContext {
  /** The header `Cookie` of the request; undefined: it has none. */
  readonly cookieHeader: string | undefined
  /** Adds one header `Set-Cookie` to the response, and leaves others alone. */
  readonly appendSetCookie: (value: string) => void
  /**
   * Who it is, if the application knows that by itself. Undefined: whoever the signed cookie names. The option `userId`
   * of a call goes before both.
   */
  readonly userId?: string | undefined
}
