const PART = /^[a-z_][\w$]{0,62}$/i

/**
 * A table's name as it stands in a statement, its parts quoted; `"auth.session_tokens"`: in the schema `auth`.
 * @throws TypeError naming the option.
 */
export function tableName(table: unknown = "session_tokens"): string {
  const parts = typeof table === "string" ? table.split(".") : []
  if (parts.length > 0 && parts.length <= 2 && parts.every((part) => PART.test(part))) {
    return parts.map((part) => `"${part}"`).join(".")
  }
  throw new TypeError('table must be a name such as "session_tokens", or with its schema: "auth.session_tokens"')
}
