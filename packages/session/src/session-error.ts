/** What a program branches on. */
export type SessionErrorCode =
  /** Nobody is signed in, or not any more: sign in. */
  | "ERR_NOT_SIGNED_IN"
  /** A cookie that this application has not written for this purpose, or not like this. Why is not told, by purpose. */
  | "ERR_COOKIE_REFUSED"
  /** A row that cannot be opened: altered, moved here from another user or type, older than what the user was given, or its key is gone. */
  | "ERR_ROW_REFUSED"
  /** Some of what was to be deleted is still there: `remaining` says what. */
  | "ERR_DELETION_INCOMPLETE"
