import { honoContext, honoTokens } from "@evertoken/session/hono"
import { Hono } from "hono"
import { statusOf, type Shop } from "./shop.js"

export function honoApp({ tokens, signIn, invoices, signOut }: Shop) {
  const app = new Hono()
  app.use(honoTokens(tokens))
  app.post("/login", async (c) => c.text(await signIn(honoContext(c))))
  app.get("/invoices", async (c) => c.text(await invoices(honoContext(c))))
  app.post("/logout", async (c) => c.text(await signOut(honoContext(c))))
  app.onError((error, c) => c.text("sign in first", statusOf(error)))
  return app
}
