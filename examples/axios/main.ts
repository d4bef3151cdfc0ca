import axios from "axios"
import { CachedTokenSource, type Token } from "evertoken"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { api, issuer } = sandbox

const source = new CachedTokenSource(
  new ClientCredentialsSource({ issuer: issuer.url, ...issuer.clients.basic, scope: "invoices:read" }),
)

declare module "axios" {
  interface AxiosRequestConfig {
    /** What the request was sent with. */
    token?: Token | undefined
    /** What an attempt before this one was sent with. */
    rejected?: Token | undefined
  }
}

// A redirect is the caller's to follow: axios would take the header along to sub-domains.
const client = axios.create({ baseURL: api.url, maxRedirects: 0 })

client.interceptors.request.use(async (config) => {
  // a URL that is absolute goes elsewhere, whatever the baseURL says
  if (new URL(client.getUri(config)).origin !== api.url) return config
  config.token = await source.getToken({ newerThan: config.rejected })
  config.headers.set("authorization", config.token.authorization)
  return config
})

client.interceptors.response.use(undefined, async (error: unknown) => {
  const config = axios.isAxiosError(error) && error.response?.status === 401 ? error.config : undefined
  // once only; all who were rejected with the same token wait for the same renewal
  if (config?.token === undefined || config.rejected !== undefined) throw error
  return client.request({ ...config, rejected: config.token })
})

const fetchInvoices = async () => (await client.get<{ invoices: number }>("/invoices")).data.invoices
console.log("invoices:", await fetchInvoices())

api.revoke((await source.getToken()).accessToken)
const answers = await Promise.all(Array.from({ length: 20 }, fetchInvoices))
console.log("after the token was revoked:", answers.filter((invoices) => invoices === 3).length, "of 20 answered")
console.log("posted:", (await client.post("/invoices", { sum: 7 })).status)
console.log("requests to the issuer:", issuer.requests.total)
