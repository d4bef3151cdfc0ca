// As in the documentation of `memoize`, of @smithy/property-provider, with the two functions that @smithy/core brings for it:
// expired is what ends within five minutes.
import { doesIdentityRequireRefresh, isIdentityExpired } from "@smithy/core"
import { memoize } from "@smithy/property-provider"
import { requestToken } from "./token-request.js"

export const without = {
  refresh: "the function, which is the application's, would keep it",
  api: "it gives tokens, and sends no requests",
  secrets: "the request is the application's own",
  shared: "no store that processes share",
}

export function token(settings) {
  const provider = memoize(
    async () => {
      const { access_token, expires_in } = await requestToken(settings)
      return { token: access_token, expiration: new Date(Date.now() + expires_in * 1000) }
    },
    isIdentityExpired,
    doesIdentityRequireRefresh,
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
