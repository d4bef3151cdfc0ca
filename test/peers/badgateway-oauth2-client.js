// As in the README of @badgateway/oauth2-client, "Fetch Wrapper" and "Storing tokens for later use with FetchWrapper".
import { join } from "node:path"
import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"
import { load, save } from "./store.js"

export const without = { shared: "its store is the application's (storeToken), without a lock" }

const clientOf = ({ issuer, tokenEndpoint, clientId, clientSecret }) =>
  new OAuth2Client({ server: issuer, tokenEndpoint, clientId, clientSecret })

function open(settings) {
  const client = clientOf(settings)
  const scope = settings.scope && [settings.scope]
  return new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials({ scope }) })
}

export function token(settings) {
  const wrapper = open(settings)
  const get = () => wrapper.getAccessToken()
  return { get, read: get }
}

/** A user has signed in before: the token at hand has expired, and its refresh token is good. */
export function refresh(settings) {
  const file = join(settings.directory, "token.json")
  const wrapper = new OAuth2Fetch({
    client: clientOf(settings),
    getNewToken: () => null,
    storeToken: (token) => void save(file, token),
    getStoredToken: () => load(file, { accessToken: "", expiresAt: 1, refreshToken: settings.refreshToken }),
  })
  return { read: () => wrapper.getAccessToken() }
}

export function api(settings) {
  const wrapper = open(settings)
  return { call: async () => (await wrapper.fetch(settings.api)).status }
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
export const bare = ({ api, authorization }) => ({
  call: async () => (await fetch(api, { headers: { authorization } })).status,
})
