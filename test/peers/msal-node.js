// As in the documentation of @azure/msal-node, "Initialize a Confidential Client Application" and "protocolMode": an application
// at an OpenID Connect issuer that is not Microsoft's, which keeps its tokens in memory.
import { ConfidentialClientApplication } from "@azure/msal-node"

export const without = {
  refresh: "it keeps only refresh tokens of sign-ins of its own",
  api: "it gives tokens, and sends no requests",
  shared: "its store is the application's (cachePlugin), without a lock",
}

function open({ issuer, clientId, clientSecret }) {
  return new ConfidentialClientApplication({
    auth: { clientId, clientSecret, authority: issuer, knownAuthorities: [new URL(issuer).host] },
    system: { protocolMode: "OIDC" },
  })
}

export function scopes(settings) {
  const application = open(settings)
  const get = (scope) => application.acquireTokenByClientCredential({ scopes: [scope] })
  return { get, read: async (scope) => (await get(scope)).accessToken }
}

export function token(settings) {
  const { get, read } = scopes(settings)
  return { get: () => get("api"), read: () => read("api") }
}
