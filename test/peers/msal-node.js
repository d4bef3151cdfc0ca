// As in the documentation of @azure/msal-node, "Initialize a Confidential Client Application" and "protocolMode": an application
// at an OpenID Connect issuer that is not Microsoft's, which keeps its tokens in memory. And as in "Caching": with a cachePlugin that
// keeps them in a file.
import { join } from "node:path"
import { ConfidentialClientApplication } from "@azure/msal-node"
import { load, save } from "./store.js"

export const without = {
  refresh: "it keeps only refresh tokens of sign-ins of its own",
  api: "it gives tokens, and sends no requests",
  owner: "its store (cachePlugin) has no lock that a request is made under: no process waits for another",
}

/** With these more holds up, by scenario: an option that the documentation of its configuration tells of. */
export const options = {
  "hung-issuer": [
    "networkClient, with AbortSignal.timeout(10_000)",
    { networkClient: { sendGetRequestAsync: sendBy("GET"), sendPostRequestAsync: sendBy("POST") } },
  ],
}

function sendBy(method) {
  return async (url, { headers, body } = {}) => {
    const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(10_000) })
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.json() }
  }
}

function open({ issuer, clientId, clientSecret, options }, cache) {
  return new ConfidentialClientApplication({
    auth: { clientId, clientSecret, authority: issuer, knownAuthorities: [new URL(issuer).host] },
    system: { protocolMode: "OIDC", ...options },
    cache,
  })
}

export function scopes(settings, cache) {
  const application = open(settings, cache)
  const get = (scope) => application.acquireTokenByClientCredential({ scopes: [scope] })
  return { get, read: async (scope) => (await get(scope)).accessToken }
}

export function token(settings, cache) {
  const { get, read } = scopes(settings, cache)
  return { get: () => get("api"), read: () => read("api") }
}

export function shared(settings) {
  const file = join(settings.directory, "cache.json")
  const cachePlugin = {
    async beforeCacheAccess({ tokenCache }) {
      const stored = await load(file)
      if (stored !== undefined) tokenCache.deserialize(stored)
    },
    async afterCacheAccess({ cacheHasChanged, tokenCache }) {
      if (cacheHasChanged) await save(file, tokenCache.serialize())
    },
  }
  return token(settings, { cachePlugin })
}
