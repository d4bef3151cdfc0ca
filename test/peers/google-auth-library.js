// As in the README of google-auth-library, "OAuth2" and "Handling token events": an OAuth2Client with a refresh token, which is
// what it has for issuers that are not Google's (`endpoints`), and a listener that stores what comes. It answers a 401 only with
// `forceRefreshOnFailure`.
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { gaxios, OAuth2Client } from "google-auth-library"
import { load, save } from "./store.js"

export const without = {
  scopes: "the scope of a refresh token is fixed when the user signs in",
  shared: "no store that processes share",
}

/** With these more holds up, by scenario: options that its types tell of, or the README of gaxios, which sends its requests. */
export const options = {
  "issuer-down": ["eagerRefreshThresholdMillis: 1", { eagerRefreshThresholdMillis: 1 }],
  "four-minutes": ["eagerRefreshThresholdMillis: 1", { eagerRefreshThresholdMillis: 1 }],
  "hung-issuer": ["transporterOptions: { timeout: 10_000 }", { transporterOptions: { timeout: 10_000 } }],
  "retry-after": [
    "retryBackoff, which keeps a Retry-After",
    { transporterOptions: { retryConfig: { retryBackoff: ({ response }, delay) => keep(response, delay) } } },
  ],
  "rotated-refresh-token": ["setCredentials, in the listener", { keepsRotated: true }],
  "secrets-in-errors": ["errorRedactor, which takes the bodies out", { transporterOptions: { errorRedactor } }],
}

const keep = (response, delay) =>
  setTimeout(response?.headers.has("retry-after") ? response.headers.get("retry-after") * 1000 : delay)

function errorRedactor(data) {
  for (const { config } of [data, data.response].filter(Boolean)) {
    delete config.data
    delete config.body
  }
  return data
}

async function open({ clientId, clientSecret, tokenEndpoint, refreshToken, directory, options = {} }) {
  const { keepsRotated, ...clientOptions } = options
  const file = join(directory, "refresh-token")
  const stored = await load(file, refreshToken)
  const client = new OAuth2Client({
    clientId,
    clientSecret,
    endpoints: { oauth2TokenUrl: tokenEndpoint },
    forceRefreshOnFailure: true,
    ...clientOptions,
  })
  client.setCredentials({ refresh_token: stored })
  client.on("tokens", (tokens) => {
    if (!tokens.refresh_token) return
    void save(file, tokens.refresh_token)
    if (keepsRotated) client.setCredentials(tokens)
  })
  return client
}

export async function refresh(settings) {
  const client = await open(settings)
  const get = () => client.getAccessToken()
  return { get, read: async () => (await get()).token }
}

export const token = refresh

export async function api(settings) {
  const client = await open(settings)
  // it throws what is not 2xx
  return {
    call: () =>
      client.request({ url: settings.api }).then(
        ({ status }) => status,
        ({ status }) => status,
      ),
  }
}

/** What `api` does, by the same client with a fixed header. */
export function bare({ api, authorization }) {
  const client = new gaxios.Gaxios()
  return { call: async () => (await client.request({ url: api, headers: { authorization } })).status }
}
