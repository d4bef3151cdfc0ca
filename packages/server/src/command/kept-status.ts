import { TokenError, type Token } from "evertoken"
import type { TokenConfig } from "../config/token-config.js"
import type { TokenStore } from "../tokens/named-token.js"
import { isGivenByPerson } from "../tokens/sign-in.js"
import { errorReport, isRenewable, type TokenStatus } from "../tokens/token-status.js"

/**
 * How a token is doing, as far as its store tells; `starting` where nothing is there yet, `misconfigured` where what is there
 * cannot be read. Rejects if the store cannot be asked for now.
 */
export async function keptStatus(
  name: string,
  config: TokenConfig,
  { store, now }: { readonly store: TokenStore; readonly now: number },
): Promise<TokenStatus> {
  const canSignIn = isGivenByPerson(config)
  const known = {
    ...{ name, grant: config.grant, issuer: config.issuer, clientId: config.client.id, scope: config.scope },
    ...{ store: store.name, isEncrypted: store.isEncrypted },
    ...{ isRenewing: false, attempts: 0, isSigningIn: false, canSignIn },
  }
  try {
    const record = await store.caches.at(-1)?.get(name)
    if (record?.sealed !== undefined) throw sealedWithoutKey(store.name)
    const { issuedAt, staleAt, expiresAt } = record?.token ?? {}
    const status = record === undefined ? "starting" : statusOf(record.token, now)
    return { ...known, status, issuedAt, staleAt, expiresAt, isRenewable: isRenewable(config, record?.token) }
  } catch (error) {
    if (!(error instanceof TokenError) || error.transient) throw error
    const lastError = errorReport(error, { name, canSignIn, at: now })
    return { ...known, status: "misconfigured", lastError }
  }
}

function sealedWithoutKey(store: string): TokenError {
  const message = `${store}: the token there is encrypted, and encryption.keys is not set`
  return new TokenError("ERR_TOKEN_CACHE", message, { transient: false })
}

function statusOf(token: Token | undefined, now: number): TokenStatus["status"] {
  if (token === undefined) return "signed-out"
  if (now >= token.expiresAt) return "expired"
  return now >= token.staleAt ? "stale" : "fresh"
}
