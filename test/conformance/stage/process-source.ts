import { tokenSourceFrom, type LifetimePolicy, type TokenSource } from "evertoken"
import { ClientCredentialsSource, RefreshTokenSource } from "evertoken/oauth2"
import { toOptionalMs } from "../format/duration.js"
import type { Given, ProcessOptions } from "../format/given.js"
import type { ProcessLife } from "./process-life.js"
import { secretOf } from "./secret-names.js"
import type { SimulatedIssuer } from "./simulated-issuer.js"

export interface ProcessSourceOptions {
  readonly given: Given
  readonly process: ProcessOptions
  readonly life: ProcessLife
  readonly issuer: SimulatedIssuer
  /** The refresh token in its configuration. */
  readonly refreshToken: string | undefined
}

/** The library's own source of the kind that the scenario says, connected to its issuer. */
export function processSource(options: ProcessSourceOptions): TokenSource {
  const { given, process, life, issuer, refreshToken } = options
  const policy = policyOf(given)
  const { user = "alice", scope = "read" } = process
  const ask = (form: URLSearchParams, signal: AbortSignal | undefined) => life.pass(() => issuer.answer(form, signal))
  if (given.source === "own login") return ownLogin(ask, issuer, policy, { user, life })
  const fetch: typeof globalThis.fetch = (_url, { body, signal } = {}) =>
    ask(new URLSearchParams(typeof body === "string" ? body : ""), signal ?? undefined)
  const endpoint = {
    tokenEndpoint: "https://issuer.test/token",
    ...(scope !== "" && { scope }),
    timeoutMs: toOptionalMs(process.requestTimeout),
    clock: life.clock,
    fetch,
    ...policy,
  }
  if (refreshToken === undefined) {
    return new ClientCredentialsSource({ ...endpoint, clientId: user, clientSecret: secretOf("client-secret") })
  }
  const rotation = given.source === "refresh token" ? "rotates" : "none"
  const client = { clientId: "client", clientSecret: secretOf("client-secret"), subject: user }
  return new RefreshTokenSource({ ...endpoint, ...client, refreshToken, rotation })
}

function policyOf({ policy = {} }: Given): LifetimePolicy {
  return {
    freshness: policy.freshness,
    minimumStaleMs: toOptionalMs(policy.minimumStale),
    refreshLeadMs: toOptionalMs(policy.refreshLead),
    defaultLifetimeMs: toOptionalMs(policy.defaultLifetime),
  }
}

/** A login as an application writes it: it throws what its HTTP client throws, the answer in it. */
function ownLogin(
  ask: (form: URLSearchParams, signal: AbortSignal | undefined) => Promise<Response>,
  issuer: SimulatedIssuer,
  { defaultLifetimeMs: _, ...policy }: LifetimePolicy,
  { user, life }: { readonly user: string; readonly life: ProcessLife },
): TokenSource {
  return tokenSourceFrom(
    async ({ signal }) => {
      const response = await ask(new URLSearchParams({ user, password: secretOf("password") }), signal)
      const text = await response.text()
      if (!response.ok) throw new Error(`login failed: ${response.status} ${text}`)
      const fields: unknown = JSON.parse(text)
      if (typeof fields !== "object" || fields === null || !("access_token" in fields)) throw new Error(text)
      return String(fields.access_token)
    },
    { ...policy, lifetimeMs: issuer.lifetimeMs, name: `login of ${user}`, clock: life.clock },
  )
}
