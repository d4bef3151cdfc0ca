import type { FastifyInstance } from "fastify"
import { z } from "zod"
import { problems } from "./problem-responses.js"
import type { ServerContext } from "./server-context.js"

/** What happens, as it happens. */
export function eventRoutes(app: FastifyInstance, { feed }: ServerContext): void {
  app.get(
    "/events",
    {
      schema: {
        summary: "Server-sent events: `token` (a status), `removed` (a name), `incident`. First all tokens there are.",
        response: {
          200: { description: "Events.", content: { "text/event-stream": { schema: z.string() } } },
          ...problems,
        },
      },
    },
    (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      })
      reply.raw.flushHeaders()
      feed.add(reply.raw)
    },
  )
}
