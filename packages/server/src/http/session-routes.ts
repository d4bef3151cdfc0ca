import type { FastifyInstance } from "fastify"
import type { ZodTypeProvider } from "fastify-type-provider-zod"
import { z } from "zod"
import { problems } from "./problem-responses.js"
import { Refusal } from "./refusal.js"
import type { ServerContext } from "./server-context.js"
import { sessionCookie, sessionIn } from "./session-cookie.js"

const nothing = z.null().meta({ description: "Nothing." })

const sessionCode = z.object({
  code: z.string(),
  expiresAt: z.number().meta({ description: "Epoch milliseconds." }),
  url: z.string().optional().meta({ description: "Opens the dashboard, if the server listens where a browser comes." }),
})

/** How a browser gets to the dashboard without ever seeing the API key. */
export function sessionRoutes(instance: FastifyInstance, context: ServerContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { sessions, sessionCodes, listeners, clock } = context

  app.post(
    "/session-codes",
    {
      config: { access: "key" },
      schema: {
        summary: "A code that opens one session on the dashboard.",
        response: { 200: sessionCode, ...problems },
      },
    },
    async (_request, reply) => {
      const { secret: code, expiresAt } = sessionCodes.issue()
      const { url } = listeners
      reply.header("cache-control", "no-store")
      // what follows the # is sent to nobody
      return { code, expiresAt, url: url && `${url}/#code=${code}` }
    },
  )

  app.post(
    "/session",
    {
      config: { access: "code" },
      schema: {
        summary: "Opens a session: a cookie, for 12 hours.",
        body: z.strictObject({ code: z.string() }),
        response: { 204: nothing, ...problems },
      },
    },
    async ({ body: { code }, protocol }, reply) => {
      if (!sessionCodes.take(code)) {
        throw new Refusal("ERR_UNAUTHORIZED", "the code is over, used, or none", { hint: "Ask for another one." })
      }
      const { secret, expiresAt } = sessions.issue()
      const cookie = sessionCookie(secret, { maxAgeMs: expiresAt - clock.now(), secure: protocol === "https" })
      reply.code(204).headers({ "set-cookie": cookie, "cache-control": "no-store" })
      return undefined
    },
  )

  app.get(
    "/session",
    {
      config: { access: "code" },
      schema: {
        summary: "Whether the request brings a session: a page cannot see its own cookie.",
        response: { 200: z.object({ isOpen: z.boolean() }), ...problems },
      },
    },
    async ({ headers: { cookie } }, reply) => {
      reply.header("cache-control", "no-store")
      return { isOpen: sessions.isValid(sessionIn(cookie) ?? "") }
    },
  )

  app.delete(
    "/session",
    { schema: { summary: "Ends the session.", response: { 204: nothing, ...problems } } },
    async ({ headers: { cookie }, protocol }, reply) => {
      sessions.take(sessionIn(cookie) ?? "")
      reply.code(204).header("set-cookie", sessionCookie("", { maxAgeMs: 0, secure: protocol === "https" }))
      return undefined
    },
  )
}
