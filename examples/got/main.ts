import { CachedTokenSource, Token } from "evertoken"
import { ClientCredentialsSource } from "evertoken/oauth2"
import got from "got"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { api, issuer } = sandbox

const source = new CachedTokenSource(
  new ClientCredentialsSource({ issuer: issuer.url, ...issuer.clients.basic, scope: "invoices:read" }),
)

const client = got.extend({
  prefixUrl: api.url,
  responseType: "json",
  hooks: {
    beforeRequest: [
      async (options) => {
        // also after each redirect, which may lead elsewhere
        if (new URL(options.url ?? "").origin !== api.url) return
        // the context is each request's own, and goes along when it is sent again
        const { token: rejected } = options.context
        const token = await source.getToken({ newerThan: rejected instanceof Token ? rejected : undefined })
        options.context = { token }
        options.headers["authorization"] = token.authorization
      },
    ],
    afterResponse: [
      // got calls it once for a request: a second 401 is the answer. All who were rejected wait for one renewal.
      (response, sendAgain) => {
        const isRejected = response.statusCode === 401 && new URL(response.url).origin === api.url
        return isRejected ? sendAgain({}) : response
      },
    ],
  },
})

const fetchInvoices = async () => (await client<{ invoices: number }>("invoices")).body.invoices
console.log("invoices:", await fetchInvoices())

api.revoke((await source.getToken()).accessToken)
const answers = await Promise.all(Array.from({ length: 20 }, fetchInvoices))
console.log("after the token was revoked:", answers.filter((invoices) => invoices === 3).length, "of 20 answered")
console.log("posted:", (await client.post("invoices", { json: { sum: 7 } })).statusCode)
console.log("requests to the issuer:", issuer.requests.total)
