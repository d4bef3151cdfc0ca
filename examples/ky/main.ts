import { CachedTokenSource } from "evertoken"
import { createFetch } from "evertoken/http"
import { ClientCredentialsSource } from "evertoken/oauth2"
import ky from "ky"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { api, issuer } = sandbox

const source = new CachedTokenSource(
  new ClientCredentialsSource({ issuer: issuer.url, ...issuer.clients.basic, scope: "invoices:read" }),
)

const client = ky.create({
  prefixUrl: api.url,
  fetch: createFetch(source, { origins: [api.url] }),
  // A request with a body is a stream to fetch, of which ky keeps a copy: it is ky who sends that once more.
  retry: { limit: 1, methods: ["post", "put", "patch"], statusCodes: [401], delay: () => 0 },
})

const fetchInvoices = async () => (await client("invoices").json<{ invoices: number }>()).invoices
console.log("invoices:", await fetchInvoices())

api.revoke((await source.getToken()).accessToken)
const answers = await Promise.all(Array.from({ length: 20 }, fetchInvoices))
console.log("after the token was revoked:", answers.filter((invoices) => invoices === 3).length, "of 20 answered")

api.revoke((await source.getToken()).accessToken)
console.log("posted, after it was revoked again:", (await client.post("invoices", { json: { sum: 7 } })).status)
console.log("requests to the issuer:", issuer.requests.total)
