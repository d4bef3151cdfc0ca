import type { FastifyInstance } from "fastify"
import type { ZodTypeProvider } from "fastify-type-provider-zod"
import { z } from "zod"
import { bearerIn } from "./bearer.js"
import { problems } from "./problem-responses.js"
import { Refusal } from "./refusal.js"
import type { ServerContext } from "./server-context.js"

const nothing = z.null().meta({ description: "Nothing." })

export const sessionCode = z.object({
  code: z.string(),
  expiresAt: z.number().meta({ description: "Epoch milliseconds." }),
  url: z.string().optional().meta({ description: "Opens the dashboard, if the server listens where a browser comes." }),
})

export type SessionCode = z.output<typeof sessionCode>

const session = z.object({
  session: z.string().meta({ description: "What the page sends from then on, in place of the API key." }),
  expiresAt: z.number().meta({ description: "Epoch milliseconds." }),
})

/**
 * How a browser gets to the dashboard without ever seeing the API key. A session is no cookie: browsers send those to every port of a
 * host, and so to the servers of other users.
 */
export function sessionRoutes(instance: FastifyInstance, context: ServerContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { sessions, sessionCodes, listeners } = context

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
        summary: "Opens a session, for 12 hours.",
        body: z.strictObject({ code: z.string() }),
        response: { 200: session, ...problems },
      },
    },
    async ({ body: { code } }, reply) => {
      if (!sessionCodes.take(code)) {
        throw new Refusal("ERR_UNAUTHORIZED", "the code is over, used, or none", { hint: "Ask for another one." })
      }
      const { secret, expiresAt } = sessions.issue()
      reply.header("cache-control", "no-store")
      return { session: secret, expiresAt }
    },
  )

  app.get(
    "/session",
    {
      config: { access: "code" },
      schema: {
        summary: "Whether the request brings a session that is open.",
        response: { 200: z.object({ isOpen: z.boolean() }), ...problems },
      },
    },
    async ({ headers: { authorization } }, reply) => {
      reply.header("cache-control", "no-store")
      return { isOpen: sessions.isValid(bearerIn(authorization) ?? "") }
    },
  )

  app.delete(
    "/session",
    { schema: { summary: "Ends the session.", response: { 204: nothing, ...problems } } },
    async ({ headers: { authorization } }, reply) => {
      sessions.take(bearerIn(authorization) ?? "")
      reply.code(204)
      return undefined
    },
  )
}
