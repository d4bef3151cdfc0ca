import { SessionError } from "./session-error.js"

/** @param what else could be done about it than to sign in */
export function notSignedIn(what?: string): SessionError {
  return new SessionError("ERR_NOT_SIGNED_IN", what ?? "nobody is signed in, or not any more: sign in")
}

export function rowRefused(type: string): SessionError {
  const why = "it was altered, is another user's or an older one, or its key is not in the keyring"
  return new SessionError("ERR_ROW_REFUSED", `the row of ${type} cannot be used: ${why}`)
}

export function deletionIncomplete(outcome: {
  readonly removed: readonly string[]
  readonly remaining: readonly string[]
}): SessionError {
  const message = `still there: ${outcome.remaining.join(", ")}; delete them again`
  return new SessionError("ERR_DELETION_INCOMPLETE", message, outcome)
}

export function refreshTokenMissing(type: string): SessionError {
  const mend = "ask for one when signing in, by the scope offline_access; some issuers want prompt=consent, too"
  return new SessionError("ERR_REFRESH_TOKEN_MISSING", `the token for ${type} has no refresh token: ${mend}`)
}
