// As in the README of @badgateway/oauth2-client, "Fetch Wrapper" and "Storing tokens for later use with FetchWrapper".
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"
import { load, saveNow } from "./store.js"

export const without = { owner: "its store (storeToken) has no lock: no process waits for another" }

/** With these more holds up, by scenario: options that its types tell of. */
export const options = {
  "hung-issuer": ["fetch, with AbortSignal.timeout(10_000)", { client: { fetch: fetchInTime } }],
  "retry-after": ["fetch, which keeps a Retry-After", { client: { fetch: fetchWhenAllowed } }],
  "thirty-days": ["scheduleRefresh: false", { wrapper: { scheduleRefresh: false } }],
  "process-exit": ["scheduleRefresh: false", { wrapper: { scheduleRefresh: false } }],
}

function fetchInTime(input, init) {
  return fetch(input, { ...init, signal: AbortSignal.timeout(10_000) })
}

async function fetchWhenAllowed(input, init) {
  for (;;) {
    const response = await fetch(input, init)
    if (response.status !== 429) return response
    await setTimeout(response.headers.get("retry-after") * 1000)
  }
}

const clientOf = ({ issuer, tokenEndpoint, clientId, clientSecret, options }) =>
  new OAuth2Client({ server: issuer, tokenEndpoint, clientId, clientSecret, ...options?.client })

function open(settings, stored) {
  const client = clientOf(settings)
  const scope = settings.scope && [settings.scope]
  return new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials({ scope }), ...stored })
}

/** The token is kept in a file, until then there is this one. */
function storedIn(directory, otherwise) {
  const file = join(directory, "token.json")
  return { storeToken: (token) => saveNow(file, token), getStoredToken: () => load(file, otherwise) }
}

export function token(settings) {
  const wrapper = open(settings)
  const get = () => wrapper.getAccessToken()
  return { get, read: get }
}

export function shared(settings) {
  const wrapper = open(settings, storedIn(settings.directory, null))
  return { read: () => wrapper.getAccessToken() }
}

/** A user has signed in before: the token at hand has expired, and its refresh token is good. */
export function refresh(settings) {
  const { directory, refreshToken, options } = settings
  const wrapper = new OAuth2Fetch({
    client: clientOf(settings),
    getNewToken: () => null,
    ...storedIn(directory, { accessToken: "", expiresAt: 1, refreshToken }),
    ...options?.wrapper,
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
