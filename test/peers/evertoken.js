// As in the README of evertoken: a watcher over a cached source, with a file where processes share the token.
import { join } from "node:path"
import { CachedTokenSource, TokenPool, TokenWatcher } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { createFetch } from "evertoken/http"
import { ClientCredentialsSource, RefreshTokenSource } from "evertoken/oauth2"

const file = ({ directory }) => new FileTokenCache(join(directory, "token.json"))

// `lazy`: the first token is got by the first read, so that there is something to see
async function watch(source) {
  const watcher = await TokenWatcher.start(source, { lazy: true })
  return {
    watcher,
    current: () => watcher.current(),
    get: () => watcher.getToken(),
    read: async () => (await watcher.getToken()).accessToken,
    close: () => watcher.close(),
  }
}

const clientCredentials = ({ issuer, clientId, clientSecret, scope }) =>
  new ClientCredentialsSource({ issuer, clientId, clientSecret, scope })

export const token = (settings) => watch(new CachedTokenSource(clientCredentials(settings)))

export const shared = (settings) =>
  watch(new CachedTokenSource(clientCredentials(settings), { caches: [file(settings)] }))

export function refresh(settings) {
  const { issuer, clientId, clientSecret, refreshToken } = settings
  const source = new RefreshTokenSource({ issuer, clientId, clientSecret, refreshToken })
  return watch(new CachedTokenSource(source, { caches: [file(settings)] }))
}

export async function api(settings) {
  const { watcher } = await token(settings)
  const fetch = createFetch(watcher, { origins: [settings.issuer] })
  return { call: async () => (await fetch(settings.api)).status }
}

export function scopes(settings) {
  const pool = new TokenPool((scope) => new CachedTokenSource(clientCredentials({ ...settings, scope })))
  return { read: async (scope) => (await pool.source(scope).getToken()).accessToken }
}
