import type { FastifyInstance } from "fastify"
import type { ZodTypeProvider } from "fastify-type-provider-zod"
import { z } from "zod"
import { tokenStatus } from "../tokens/token-status.js"
import { version } from "../version.js"
import { problem, problemOf } from "./problem.js"
import { problems } from "./problem-responses.js"
import { Refusal } from "./refusal.js"
import type { ServerContext } from "./server-context.js"

const VERSION = version()

export const health = z.object({
  status: z.literal("ok"),
  version: z.string().meta({ description: "Of the package that it runs." }),
})

const tokens = z.array(tokenStatus.pick({ name: true, status: true }))

/** For whoever watches over the process. */
export function healthRoutes(instance: FastifyInstance, { registry, metrics }: ServerContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>()

  app.get(
    "/healthz",
    {
      schema: { summary: "The process lives.", response: { 200: health, ...problems } },
    },
    async () => ({ status: "ok" as const, version: VERSION }),
  )

  app.get(
    "/readyz",
    {
      schema: {
        summary: "Every token can be handed out; 503 names those that cannot.",
        response: {
          200: z.object({ tokens }),
          503: {
            description: "Some cannot.",
            content: { "application/problem+json": { schema: problem.extend({ tokens }) } },
          },
          ...problems,
        },
      },
    },
    async (_request, reply) => {
      const missing = registry.all.filter(({ isServable }) => !isServable)
      if (missing.length === 0) return { tokens: registry.all.map(({ status }) => status) }
      const refusal = new Refusal("ERR_NOT_READY", "some tokens cannot be handed out")
      reply.code(refusal.status).type("application/problem+json")
      return { ...problemOf(refusal), tokens: missing.map(({ status }) => status) }
    },
  )

  app.get(
    "/metrics",
    {
      schema: {
        summary: "Figures for Prometheus.",
        response: { 200: { description: "Figures.", content: { "text/plain": { schema: z.string() } } }, ...problems },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}
