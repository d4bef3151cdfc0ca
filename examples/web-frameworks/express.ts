import { expressContext, expressTokens } from "@evertoken/session/express"
import express, { type ErrorRequestHandler } from "express"
import { statusOf, type Shop } from "./shop.js"

export function expressApp({ tokens, signIn, invoices, signOut }: Shop) {
  const app = express()
  app.use(expressTokens(tokens))
  app.post("/login", async (request, response) => {
    response.send(await signIn(expressContext(request, response)))
  })
  app.get("/invoices", async (request, response) => {
    response.send(await invoices(expressContext(request, response)))
  })
  app.post("/logout", async (request, response) => {
    response.send(await signOut(expressContext(request, response)))
  })
  const answerError: ErrorRequestHandler = (error, _request, response, _next) => {
    response.status(statusOf(error)).send("sign in first")
  }
  app.use(answerError)
  return app
}
