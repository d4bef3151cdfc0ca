const NAME = "evertoken-session"

/** The cookie of a session on the dashboard. No script can read it, and no other site's request brings it. */
export function sessionCookie(secret: string, { maxAgeMs, secure }: { maxAgeMs: number; secure: boolean }): string {
  const attributes = [`${NAME}=${secret}`, "Path=/", "HttpOnly", "SameSite=Strict", `Max-Age=${maxAgeMs / 1_000}`]
  return [...attributes, ...(secure ? ["Secure"] : [])].join("; ")
}

/** The secret in a `cookie` header (RFC 6265, section 4.2.1). */
export function sessionIn(cookies: string | undefined): string | undefined {
  const prefix = `${NAME}=`
  const cookie = cookies?.split(";").find((pair) => pair.trimStart().startsWith(prefix))
  return cookie?.trim().slice(prefix.length)
}
