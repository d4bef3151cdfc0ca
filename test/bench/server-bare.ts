// A bare fastify route that answers a constant, in a process of its own: what the token server is measured against.
import { fastify } from "fastify"

const [, , socketPath = "", text = ""] = process.argv

for (const at of [{ path: socketPath }, { port: 0, host: "127.0.0.1" }]) {
  const app = fastify()
  app.get("/tokens/:name", (_, reply) => reply.type("application/json; charset=utf-8").send(text))
  const url = await app.listen(at)
  process.send?.(url)
}
process.on("disconnect", () => process.exit())
