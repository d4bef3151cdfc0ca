// As in the documentation of @azure/core-rest-pipeline: a pipeline with the bearerTokenAuthenticationPolicy, over a
// TokenCredential that the application writes.
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest,
} from "@azure/core-rest-pipeline"
import { requestToken } from "./token-request.js"

export const without = {
  refresh: "the credential, which is the application's, would keep it",
  request: "the request to the issuer is the application's own",
  shared: "no store that processes share",
}

function open(settings) {
  const credential = {
    async getToken(scopes) {
      const answer = await requestToken({ ...settings, scope: [scopes].flat().join(" ") })
      const at = (seconds) => Date.now() + seconds * 1000
      return {
        token: answer.access_token,
        expiresOnTimestamp: at(answer.expires_in),
        ...(answer.refresh_in && { refreshAfterTimestamp: at(answer.refresh_in) }),
      }
    },
  }
  const pipeline = createEmptyPipeline()
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: settings.scope ?? "api" }))
  const httpClient = createDefaultHttpClient()
  return () => pipeline.sendRequest(httpClient, createPipelineRequest({ url: settings.api }))
}

export function token(settings) {
  const send = open(settings)
  return { read: async () => JSON.parse((await send()).bodyAsText).token }
}

export function api(settings) {
  const send = open(settings)
  return { call: async () => (await send()).status }
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
  const pipeline = createEmptyPipeline()
  const httpClient = createDefaultHttpClient()
  const request = () => createPipelineRequest({ url: api, headers: createHttpHeaders({ authorization }) })
  return { call: async () => (await pipeline.sendRequest(httpClient, request())).status }
}
