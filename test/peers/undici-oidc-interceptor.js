// As in the README of undici-oidc-interceptor, "Usage with client credentials" and "Usage with refresh token".
import { Agent, request, RetryAgent, setGlobalDispatcher } from "undici"
import { createOidcInterceptor } from "undici-oidc-interceptor"
import { dispatcherOptions } from "./undici-dispatchers.js"

export const without = { shared: "no store that processes share" }

export const options = dispatcherOptions({ Agent, RetryAgent })

function interceptorOf({ api, clientId, tokenEndpoint: idpTokenUrl, scope }, grant) {
  const { origin } = new URL(api)
  const common = { clientId, idpTokenUrl, scope, retryOnStatusCodes: [401], urls: [origin] }
  return createOidcInterceptor({ ...common, ...grant })
}

function open(settings, grant) {
  if (settings.options?.dispatcher) setGlobalDispatcher(settings.options.dispatcher())
  const dispatcher = new Agent().compose(interceptorOf(settings, grant))
  return () => request(settings.api, { dispatcher })
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

/** What `api` does, by the same client with a fixed header. */
export function bare({ api, authorization }) {
  const dispatcher = new Agent()
  return {
    async call() {
      const { statusCode, body } = await request(api, { dispatcher, headers: { authorization } })
      await body.dump()
      return statusCode
    },
  }
}

/** What sends requests with the token, over whatever there is below. */
export const wrapped = (settings) => ({ dispatch: interceptorOf(settings, { clientSecret: settings.clientSecret }) })
