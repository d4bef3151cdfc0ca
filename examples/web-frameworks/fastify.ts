import { fastifyContext, fastifyTokens } from "@evertoken/session/fastify"
import Fastify from "fastify"
import { statusOf, type Shop } from "./shop.js"

export function fastifyApp({ tokens, signIn, invoices, signOut }: Shop) {
  const app = Fastify({ forceCloseConnections: true })
  app.addHook("onRequest", fastifyTokens(tokens))
  app.post("/login", (request, reply) => signIn(fastifyContext(request, reply)))
  app.get("/invoices", (request, reply) => invoices(fastifyContext(request, reply)))
  app.post("/logout", (request, reply) => signOut(fastifyContext(request, reply)))
  app.setErrorHandler((error, _request, reply) => reply.code(statusOf(error)).send("sign in first"))
  return app
}
