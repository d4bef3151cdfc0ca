// As in the documentation of `memoize`, of @smithy/property-provider: the application says whether a token has expired ("in the
// past (or very near future)"), and whether it ever will. @smithy/core has two such functions, marked as internal, for the SDKs
// of AWS. To them expired is what ends within five minutes.
import { memoize } from "@smithy/property-provider"
import { requestToken } from "./token-request.js"

const VERY_NEAR_MS = 5_000

const isExpired = ({ expiration }) => expiration.getTime() - Date.now() < VERY_NEAR_MS
const requiresRefresh = ({ expiration }) => expiration !== undefined

export const without = {
  refresh: "the function, which is the application's, would keep it",
  api: "it gives tokens, and sends no requests",
  request: "the request to the issuer is the application's own",
  shared: "no store that processes share",
}

export function token(settings) {
  const provider = memoize(
    async () => {
      const { access_token, expires_in } = await requestToken(settings)
      return { token: access_token, expiration: new Date(Date.now() + expires_in * 1000) }
    },
    isExpired,
    requiresRefresh,
  )
  return { get: provider, read: async () => (await provider()).token }
}

export function scopes(settings) {
  const clients = new Map()
  return {
    read(scope) {
      if (!clients.has(scope)) clients.set(scope, token({ ...settings, scope }))
      return clients.get(scope).read()
    },
  }
}
