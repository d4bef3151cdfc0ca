import type { FastifyInstance } from "fastify"
import type { ZodTypeProvider } from "fastify-type-provider-zod"
import { tokenStatus } from "../tokens/token-status.js"
import { onlyToken } from "./find-token.js"
import { problems } from "./problem-responses.js"
import type { ServerContext } from "./server-context.js"
import { setTokens, tokensToSet } from "./set-tokens.js"
import { tokenAnswer, tokenOr304 } from "./token-answer.js"

/** For set-ups of one token, as small token servers have them. */
export function oneTokenRoutes(instance: FastifyInstance, { registry }: ServerContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>()

  app.post(
    "/refresh-tokens",
    {
      config: { access: "key" },
      schema: { summary: "Renews the only token, and answers it.", response: { 200: tokenAnswer, ...problems } },
    },
    async (request, reply) => tokenOr304(await onlyToken(registry).refresh(), request, reply),
  )

  app.post(
    "/set-tokens",
    {
      config: { access: "key" },
      schema: {
        summary: "Replaces what is kept of the only token.",
        body: tokensToSet,
        response: { 200: tokenStatus, ...problems },
      },
    },
    async ({ body }) => setTokens(onlyToken(registry), body),
  )

  app.get(
    "/state",
    { schema: { summary: "How the only token is doing.", response: { 200: tokenStatus, ...problems } } },
    async () => onlyToken(registry).status,
  )
}
