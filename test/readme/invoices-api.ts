import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { RealIssuer } from "../issuer/real-issuer.js"

/** An API that answers whoever brings a token of this issuer. */
export async function startApi(issuer: RealIssuer) {
  let served = 0
  const server = createServer((request, response) => {
    const accessToken = request.headers.authorization?.replace("Bearer ", "") ?? ""
    void issuer.accepts(accessToken).then((accepted) => {
      if (accepted) served += 1
      response.writeHead(accepted ? 200 : 401, { "content-type": "application/json" }).end('{"invoices":3}')
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, served: () => served, close: () => server.close() }
}
