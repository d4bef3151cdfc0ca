// As in the README of evertoken: a watcher over a cached source, with a file where processes share the token.
import { join } from "node:path"
import { CachedTokenSource, TokenPool, TokenWatcher } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { bearerToken, createFetch } from "evertoken/http"
import { ClientCredentialsSource, RefreshTokenSource } from "evertoken/oauth2"
import { Agent, request } from "undici"

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

/** What `api` does, by the same client with a fixed header. */
export const bare = ({ api, authorization }) => ({
  call: async () => (await fetch(api, { headers: { authorization } })).status,
})

/** The other way to send requests: an interceptor of undici. */
export async function interceptor(settings) {
  const { watcher } = await token(settings)
  const dispatcher = new Agent().compose(bearerToken(watcher, { origins: [settings.issuer] }))
  return sending(settings.api, { dispatcher })
}

export const bareInterceptor = ({ api, authorization }) =>
  sending(api, { dispatcher: new Agent(), headers: { authorization } })

function sending(url, options) {
  return {
    async call() {
      const { statusCode, body } = await request(url, options)
      await body.dump()
      return statusCode
    },
  }
}

/** What sends requests with the token, over whatever there is below. */
export async function wrapped(settings) {
  const { watcher } = await token(settings)
  const origins = [settings.issuer]
  return {
    dispatch: (dispatch) => bearerToken(watcher, { origins })(dispatch),
    fetch: (fetch) => createFetch(watcher, { origins, fetch }),
  }
}

export function scopes(settings) {
  const pool = new TokenPool((scope) => new CachedTokenSource(clientCredentials({ ...settings, scope })))
  return {
    get: (scope) => pool.getToken(scope),
    read: async (scope) => (await pool.source(scope).getToken()).accessToken,
  }
}
