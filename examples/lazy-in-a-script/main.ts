import { CachedTokenSource, TokenWatcher } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { createFetch } from "evertoken/http"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { issuer, api } = sandbox
const { clientId, clientSecret } = issuer.clients.post

const credentials = new ClientCredentialsSource({
  issuer: issuer.url,
  clientId,
  clientSecret,
  clientAuthentication: "client_secret_post",
  scope: "invoices:read",
})
const source = new CachedTokenSource(credentials, { caches: [new FileTokenCache(sandbox.path("token.json"))] })

// A script that may not need a token at all: nothing is asked before it does.
const watcher = await TokenWatcher.start(source, { lazy: true })
const fetch = createFetch(watcher, { origins: [api.url] })
console.log("requests to the issuer so far:", issuer.requests.total)

const response = await fetch(`${api.url}/invoices`)
console.log("the API answered", response.status)
console.log("requests to the issuer:", issuer.requests.total)

// No close(): a watcher between two renewals does not keep a script from ending.
