import { Client, credentials, Metadata, status, type CallCredentials, type ServiceError } from "@grpc/grpc-js"
import { CachedTokenSource, type Token } from "evertoken"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { Sandbox } from "../sandbox/sandbox.js"
import { countInvoices, InvoicesService } from "./invoices-service.js"

await using sandbox = await Sandbox.start()
const { issuer } = sandbox
using service = await InvoicesService.start((accessToken) => issuer.accepts(accessToken))

const source = new CachedTokenSource(
  new ClientCredentialsSource({ issuer: issuer.url, ...issuer.clients.basic, scope: "invoices:read" }),
)

/** Presents `token` with one call. gRPC sends call credentials over TLS only. */
function bearing({ authorization }: Token): CallCredentials {
  return credentials.createFromMetadataGenerator((_call, callback) => {
    const metadata = new Metadata()
    metadata.set("authorization", authorization)
    callback(null, metadata)
  })
}

const client = new Client(service.address, credentials.createSsl(Buffer.from(service.rootCertificate)))

async function fetchInvoices(rejected?: Token): Promise<number> {
  const token = await source.getToken({ newerThan: rejected })
  try {
    return await count(token)
  } catch (error) {
    // once only; all who were rejected with the same token wait for the same renewal
    if (rejected !== undefined || !isUnauthenticated(error)) throw error
    return fetchInvoices(token)
  }
}

function count(token: Token): Promise<number> {
  const { path, requestSerialize, responseDeserialize } = countInvoices
  return new Promise((resolve, reject) => {
    const options = { credentials: bearing(token) }
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, "all", options, (error, answer) =>
      error ? reject(error) : resolve(Number(answer)),
    )
  })
}

function isUnauthenticated(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && error.code === status.UNAUTHENTICATED
}

console.log("invoices:", await fetchInvoices())
service.revoke((await source.getToken()).accessToken)
const answers = await Promise.all(Array.from({ length: 20 }, () => fetchInvoices()))
console.log("after the token was revoked:", answers.filter((invoices) => invoices === 3).length, "of 20 answered")
console.log("requests to the issuer:", issuer.requests.total)
client.close()
