import { writeFileSync } from "node:fs"
import { TokenWatcher } from "evertoken"
import { createFetch } from "evertoken/http"
import { TokenExchangeSource } from "evertoken/oauth2"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { issuer, api } = sandbox

// What a platform does: it keeps a short-lived token in a file, and replaces it long before it ends.
const file = sandbox.path("platform-token")
async function replaceThePlatformsToken(): Promise<void> {
  writeFileSync(file, `${await issuer.workloads.token("billing")}\n`)
}
await replaceThePlatformsToken()

const source = new TokenExchangeSource({
  issuer: issuer.url,
  clientId: issuer.clients.workload.clientId,
  clientAuthentication: "none",
  subjectToken: { file },
  subjectTokenType: "jwt",
  scope: "invoices:read",
})
await using watcher = await TokenWatcher.start(source)
const fetch = createFetch(watcher, { origins: [api.url] })
const response = await fetch(`${api.url}/invoices`)
console.log("the API answered", response.status, await response.json())

// A renewal reads the file anew: this issuer takes each of the platform's tokens once only.
await replaceThePlatformsToken()
const before = watcher.current()
await watcher.refresh()
console.log("another token:", watcher.current().accessToken !== before.accessToken)
console.log("workloads that the issuer knew by their platform:", issuer.workloads.taken.join(", "))
