import { CachedTokenSource, TokenWatcher } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { createFetch } from "evertoken/http"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { issuer, api } = sandbox

// Run twice here, as two processes would, or one process before and after a restart: they share nothing but the file.
async function readInvoices(): Promise<void> {
  const { clientId, clientSecret } = issuer.clients.basic
  const credentials = new ClientCredentialsSource({
    issuer: issuer.url,
    clientId,
    clientSecret,
    scope: "invoices:read",
  })
  const source = new CachedTokenSource(credentials, { caches: [new FileTokenCache(sandbox.path("token.json"))] })
  await using watcher = await TokenWatcher.start(source)

  const fetch = createFetch(watcher, { origins: [api.url] })
  const response = await fetch(`${api.url}/invoices`)
  console.log("the API answered", response.status, await response.json())
  console.log("the token, as a log shows it:", String(watcher.current()).split(",")[0])
}

await readInvoices()
console.log("requests to the issuer:", issuer.requests.total)
await readInvoices()
console.log("requests to the issuer, after a second run:", issuer.requests.total)
