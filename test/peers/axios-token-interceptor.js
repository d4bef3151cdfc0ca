// As in the README of axios-token-interceptor, "Caching": an instance of axios, and a token cache over a function that the
// application writes, whose maximum age is the token's lifetime.
import axios from "axios"
import tokenProvider from "axios-token-interceptor"
import { requestToken } from "./token-request.js"

export const without = {
  refresh: "the function, which is the application's, would keep it",
  request: "the request to the issuer is the application's own",
  shared: "no store that processes share",
}

function open(settings) {
  const instance = axios.create()
  const cache = tokenProvider.tokenCache(() => requestToken(settings), { getMaxAge: (body) => body.expires_in * 1000 })
  const headerFormatter = (body) => `Bearer ${body.access_token}`
  instance.interceptors.request.use(tokenProvider({ getToken: cache, headerFormatter }))
  return () => instance.get(settings.api)
}

export function token(settings) {
  const send = open(settings)
  return { read: async () => (await send()).data.token }
}

export function api(settings) {
  const send = open(settings)
  // it throws what is not 2xx
  return {
    call: () =>
      send().then(
        ({ status }) => status,
        ({ status }) => status,
      ),
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
  const instance = axios.create({ headers: { authorization } })
  return { call: async () => (await instance.get(api)).status }
}
