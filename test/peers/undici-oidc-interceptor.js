// As in the README of undici-oidc-interceptor, "Usage with client credentials" and "Usage with refresh token".
import { Agent, request } from "undici"
import { createOidcInterceptor } from "undici-oidc-interceptor"

export const without = { shared: "no store that processes share" }

function open({ api, clientId, tokenEndpoint: idpTokenUrl, scope }, grant) {
  const { origin } = new URL(api)
  const common = { clientId, idpTokenUrl, scope, retryOnStatusCodes: [401], urls: [origin] }
  const dispatcher = new Agent().compose(createOidcInterceptor({ ...common, ...grant }))
  return () => request(api, { dispatcher })
}

const reading = (send) => ({ read: async () => (await (await send()).body.json()).token })

export const token = (settings) => reading(open(settings, { clientSecret: settings.clientSecret }))

export const refresh = (settings) => reading(open(settings, { refreshToken: settings.refreshToken }))

export function api(settings) {
  const send = open(settings, { clientSecret: settings.clientSecret })
  return {
    async call() {
      const { statusCode, body } = await send()
      await body.dump()
      return statusCode
    },
  }
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
