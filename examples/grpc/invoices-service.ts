import {
  Server,
  ServerCredentials,
  status,
  type Metadata,
  type MethodDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js"
import { Authority } from "../../test/hostile/certificates.js"

/** What the compiler of protocol buffers would have made. */
export const countInvoices: MethodDefinition<string, string> = {
  path: "/billing.Invoices/Count",
  requestStream: false,
  responseStream: false,
  requestSerialize: (text) => Buffer.from(text),
  requestDeserialize: (bytes) => bytes.toString(),
  responseSerialize: (text) => Buffer.from(text),
  responseDeserialize: (bytes) => bytes.toString(),
}

/** A service on loopback, behind TLS, that wants a token of the issuer. */
export class InvoicesService {
  readonly address: string
  /** The certificate of the authority that vouches for it, in PEM. */
  readonly rootCertificate: string
  readonly #server: Server
  readonly #revoked: Set<string>

  private constructor(server: Server, address: string, rootCertificate: string, revoked: Set<string>) {
    this.#server = server
    this.address = address
    this.rootCertificate = rootCertificate
    this.#revoked = revoked
  }

  static async start(accepts: (accessToken: string) => Promise<boolean>): Promise<InvoicesService> {
    const authority = await Authority.create("the example's own")
    const { key, cert } = await authority.issue()
    const revoked = new Set<string>()
    const answer = async (metadata: Metadata, callback: sendUnaryData<string>) => {
      const accessToken = String(metadata.get("authorization")[0] ?? "").replace(/^Bearer /, "")
      const isAccepted = !revoked.has(accessToken) && (await accepts(accessToken))
      if (isAccepted) callback(null, "3")
      else callback({ code: status.UNAUTHENTICATED, details: "sign in first" })
    }
    const server = new Server()
    server.addService(
      { countInvoices },
      {
        countInvoices: ({ metadata }: { readonly metadata: Metadata }, callback: sendUnaryData<string>) =>
          void answer(metadata, callback),
      },
    )
    const credentials = ServerCredentials.createSsl(null, [
      { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) },
    ])
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    return new InvoicesService(server, `localhost:${port}`, authority.certificate, revoked)
  }

  /** From now on it takes this token no more, whatever the issuer says. */
  revoke(accessToken: string): void {
    this.#revoked.add(accessToken)
  }

  [Symbol.dispose](): void {
    this.#server.forceShutdown()
  }
}
