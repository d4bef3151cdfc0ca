import type { Token } from "evertoken"
import type { TokenConfig } from "../config/token-config.js"
import type { TokenStore } from "../tokens/named-token.js"
import { isGivenByPerson } from "../tokens/sign-in.js"
import { isRenewable, type TokenStatus } from "../tokens/token-status.js"

/** How a token is doing, as far as its store tells; `starting` where nothing is there yet. */
export async function keptStatus(
  name: string,
  config: TokenConfig,
  { store, now }: { readonly store: TokenStore; readonly now: number },
): Promise<TokenStatus> {
  const record = await store.caches.at(-1)?.get(name)
  const { issuedAt, staleAt, expiresAt } = record?.token ?? {}
  return {
    ...{ name, grant: config.grant, issuer: config.issuer, clientId: config.client.id, scope: config.scope },
    ...{ store: store.name, isEncrypted: store.isEncrypted },
    status: record === undefined ? "starting" : statusOf(record.token, now),
    ...{ isRenewing: false, attempts: 0, isSigningIn: false, canSignIn: isGivenByPerson(config) },
    ...{ issuedAt, staleAt, expiresAt, isRenewable: isRenewable(config, record?.token) },
  }
}

function statusOf(token: Token | undefined, now: number): TokenStatus["status"] {
  if (token === undefined) return "signed-out"
  if (now >= token.expiresAt) return "expired"
  return now >= token.staleAt ? "stale" : "fresh"
}
