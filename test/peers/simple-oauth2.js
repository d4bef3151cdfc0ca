// As in the README of simple-oauth2, "Client Credentials Grant" and "Refresh an access token": it keeps no token itself, and
// the application asks before each use whether the one that it has has expired.
import { join } from "node:path"
import { AuthorizationCode, ClientCredentials } from "simple-oauth2"
import { load, save } from "./store.js"

export const without = {
  api: "it gives tokens, and sends no requests",
  keeping: "it keeps no token: when to ask for one, and who shares it, is the application's",
  shared: "no store that processes share",
}

/** With these more holds up, by scenario: an option for wreck, which sends its requests. */
export const options = {
  "hung-issuer": ["http: { timeout: 10_000 }", { http: { timeout: 10_000 } }],
}

const config = ({ issuer, clientId, clientSecret, options }) => ({
  client: { id: clientId, secret: clientSecret },
  auth: { tokenHost: issuer, tokenPath: "/token" },
  ...options,
})

export function token(settings) {
  const client = new ClientCredentials(config(settings))
  const { scope } = settings
  let accessToken
  async function read() {
    if (accessToken === undefined || accessToken.expired()) {
      accessToken = await client.getToken(scope ? { scope } : {})
    }
    return accessToken.token.access_token
  }
  return {
    read,
    get: read,
    current: () => (accessToken.expired() ? undefined : accessToken.token.access_token),
  }
}

/** A user has signed in before: the token at hand has expired, and its refresh token is good. */
export async function refresh(settings) {
  const client = new AuthorizationCode(config(settings))
  const file = join(settings.directory, "token.json")
  const stored = await load(file, {
    access_token: "none",
    expires_at: new Date(0),
    refresh_token: settings.refreshToken,
  })
  let accessToken = client.createToken(stored)
  return {
    async read() {
      if (accessToken.expired()) {
        accessToken = await accessToken.refresh()
        await save(file, accessToken)
      }
      return accessToken.token.access_token
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
