/** What a program branches on, never on a message. */
export type SessionErrorCode =
  /** Nobody is signed in, or not any more: sign in. */
  | "ERR_NOT_SIGNED_IN"
  /** A cookie that this application has not written for this purpose, or not like this. Why is not told, by purpose. */
  | "ERR_COOKIE_REFUSED"
  /** A token with which its cookie would be larger than browsers and servers take. Nothing was written. */
  | "ERR_COOKIE_TOO_LARGE"
  /** A token that is to be renewed has no refresh token: the sign-in did not ask for one, or the issuer gave none. */
  | "ERR_REFRESH_TOKEN_MISSING"
  /** A row that cannot be opened: altered, moved here from another user or type, older than what the user was given, or its key is gone. */
  | "ERR_ROW_REFUSED"
  /** Some of what was to be deleted is still there: `remaining` says what. */
  | "ERR_DELETION_INCOMPLETE"

export interface SessionErrorOptions {
  /** Of `ERR_DELETION_INCOMPLETE`: the types of which there was a token, and is none any more. */
  readonly removed?: readonly string[] | undefined
  /** Of `ERR_DELETION_INCOMPLETE`: the types that are still there. */
  readonly remaining?: readonly string[] | undefined
  /** A `TokenError`, or a system error without secrets. Never a foreign error that carries a value. */
  readonly cause?: Error | undefined
}

/** What goes wrong with a user's tokens. Holds no secret: neither message nor properties nor cause. */
export class SessionError extends Error {
  override readonly name = "SessionError"
  readonly code: SessionErrorCode
  declare readonly removed?: readonly string[]
  declare readonly remaining?: readonly string[]

  constructor(code: SessionErrorCode, message: string, options: SessionErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.removed !== undefined) this.removed = Object.freeze([...options.removed])
    if (options.remaining !== undefined) this.remaining = Object.freeze([...options.remaining])
  }
}
