// As in the README of undici-oauth-interceptor: an Agent of undici 6, which it is made for, and a refresh token that names its
// issuer.
import { Agent, request, RetryAgent, setGlobalDispatcher } from "undici6"
import { createOAuthInterceptor } from "undici-oauth-interceptor"
import { dispatcherOptions } from "./undici-dispatchers.js"

export const without = {
  scopes: "it has no option for a scope",
  shared: "no store that processes share",
}

export const options = dispatcherOptions({ Agent, RetryAgent })

function open(settings) {
  if (settings.options?.dispatcher) setGlobalDispatcher(settings.options.dispatcher())
  const { api, clientId, refreshToken } = settings
  const interceptor = createOAuthInterceptor({
    refreshToken,
    clientId,
    retryOnStatusCodes: [401],
    origins: [new URL(api).origin],
  })
  const dispatcher = new Agent({ interceptors: { Pool: [interceptor] } })
  return () => request(api, { dispatcher })
}

export function refresh(settings) {
  const send = open(settings)
  return { read: async () => (await (await send()).body.json()).token }
}

export const token = refresh

export function api(settings) {
  const send = open(settings)
  return {
    async call() {
      const { statusCode, body } = await send()
      await body.dump()
      return statusCode
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
