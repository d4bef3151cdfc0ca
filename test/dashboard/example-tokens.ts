/** What a picture of the dashboard shows: tokens of an imaginary company, and an afternoon of theirs. */
export function exampleTokens(now: number) {
  const minutes = (count: number) => now + count * 60_000
  const common = {
    ...{ grant: "client_credentials", issuer: "https://id.example.com", clientId: "app", store: "default" },
    ...{ isEncrypted: true, isRenewing: false, attempts: 0, canSignIn: false, isSigningIn: false },
  }
  const life = (from: number, stale: number, to: number) => ({
    ...{ issuedAt: minutes(from), staleAt: minutes(stale), expiresAt: minutes(to) },
  })
  const failure = (code: string, message: string, hint: string, transient: boolean, at: number) => ({
    lastError: { code, message, hint, transient, at: minutes(at) },
  })
  const tokens = [
    { name: "billing", status: "fresh", ...life(-34, 20, 26), nextRenewalAt: minutes(18) },
    { name: "calendar", status: "fresh", ...life(-4, 50, 56), nextRenewalAt: minutes(47), grant: "device_code" },
    {
      ...{ name: "crm", status: "stale", ...life(-57, -3, 3), nextRenewalAt: minutes(0.7), attempts: 4 },
      ...failure(
        "ERR_TOKEN_REQUEST",
        "the token endpoint of login.example.net did not answer",
        "The issuer cannot be reached: look at the network, the proxy, the certificates.",
        ...([true, -0.4] as const),
      ),
      issuer: "https://login.example.net",
    },
    {
      ...{ name: "mail", status: "reauthentication-required", ...life(-75, -21, -15), canSignIn: true, attempts: 1 },
      ...failure(
        "ERR_REAUTHENTICATION_REQUIRED",
        "the issuer takes the refresh token no more: invalid_grant",
        "Sign in: evertoken login mail",
        ...([false, -21] as const),
      ),
      ...{ grant: "authorization_code", issuer: "https://accounts.example.org" },
    },
    { name: "reports", status: "fresh", ...life(-18, 36, 42), nextRenewalAt: minutes(33) },
    { name: "warehouse", status: "fresh", ...life(-49, 5, 11), nextRenewalAt: minutes(4), isRenewing: false },
  ].map((token) => ({ ...common, ...token }))
  const incidents = Object.fromEntries(tokens.map(({ name }, index) => [name, historyOf(name, index, now)]))
  return { tokens, incidents }
}

function historyOf(name: string, index: number, now: number): object[] {
  const renewals = Array.from({ length: 7 }, (_, count) => {
    const at = now - (34 + index * 7 + count * 47) * 60_000
    return { name, at, kind: "renewed", tookMs: 140 + ((index * 271 + count * 173) % 430) }
  }).reverse()
  if (name !== "crm") return renewals
  const failures = [10, 6, 3, 0.4].map((minutes) => ({
    ...{ name, at: now - minutes * 60_000, kind: "failed", code: "ERR_TOKEN_REQUEST" },
  }))
  return [...renewals.filter(({ at }) => at < now - 11 * 60_000), ...failures]
}
