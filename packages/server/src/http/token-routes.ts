import type { FastifyInstance } from "fastify"
import type { ZodTypeProvider } from "fastify-type-provider-zod"
import { z } from "zod"
import { tokenIncident } from "../tokens/token-history.js"
import { tokenStatus } from "../tokens/token-status.js"
import { entityTag, isNamedIn } from "./entity-tag.js"
import { tokenNamed } from "./find-token.js"
import { lengthOfTime } from "./length-of-time.js"
import { problems } from "./problem-responses.js"
import type { ServerContext } from "./server-context.js"
import { setTokens, tokensToSet } from "./set-tokens.js"
import { tokenAnswer, tokenOr304 } from "./token-answer.js"

const params = z.object({ name: z.string() })
const nothing = z.null().meta({ description: "Nothing." })
const LONGEST_WAIT_MS = 300_000

const yesOrNo = z.enum(["true", "false"]).default("false")

const wait = z.strictObject({
  after: z.string().default("").meta({ description: "The ETag of the token that the client has." }),
  timeout: lengthOfTime.prefault("30s"),
})

/** What there is for each named token. */
export function tokenRoutes(instance: FastifyInstance, { registry, polls }: ServerContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const find = (name: string) => tokenNamed(registry, name)

  app.get(
    "/tokens",
    {
      schema: {
        summary: "How all tokens are doing. Without the tokens themselves.",
        response: { 200: z.object({ tokens: z.array(tokenStatus) }), ...problems },
      },
    },
    async () => ({ tokens: registry.all.map(({ status }) => status) }),
  )

  app.get(
    "/tokens/:name",
    {
      config: { access: "key" },
      schema: {
        summary: "The token; 304 if `If-None-Match` names it.",
        params,
        querystring: z.strictObject({
          min_validity: lengthOfTime.optional().meta({
            description:
              "A token that lasts shorter is renewed first; one with half of its lifetime before it always does.",
          }),
        }),
        response: { 200: tokenAnswer, 304: nothing, ...problems },
      },
    },
    async (request, reply) => {
      const { min_validity: minimumValidityMs } = request.query
      const named = find(request.params.name)
      const token = await named.getToken(minimumValidityMs === undefined ? undefined : { minimumValidityMs })
      return tokenOr304(token, request, reply)
    },
  )

  app.get(
    "/tokens/:name/wait",
    {
      config: { access: "key" },
      schema: {
        summary:
          "The next token, once there is another one; 304 after the time (5 minutes at most); 409 once somebody has signed out.",
        params,
        querystring: wait,
        response: { 200: tokenAnswer, 304: nothing, ...problems },
      },
    },
    async (request, reply) => {
      const { after, timeout } = request.query
      const named = find(request.params.name)
      const timeoutMs = Math.min(timeout, LONGEST_WAIT_MS)
      const known = after === "" ? undefined : entityTag(after)
      const token = await polls.wait(reply, timeoutMs, (signal) => named.changedFrom(known, signal))
      if (token !== undefined) return tokenOr304(token, request, reply)
      reply.code(304).header("cache-control", "no-store")
      return undefined
    },
  )

  app.get(
    "/tokens/:name/status",
    { schema: { summary: "How it is doing.", params, response: { 200: tokenStatus, ...problems } } },
    async ({ params: { name } }) => find(name).status,
  )

  app.get(
    "/tokens/:name/history",
    {
      schema: {
        summary: "What happened to it of late, oldest first.",
        params,
        response: { 200: z.object({ incidents: z.array(tokenIncident) }), ...problems },
      },
    },
    async ({ params: { name } }) => ({ incidents: [...registry.history.of(find(name).name)] }),
  )

  app.post(
    "/tokens/:name/refresh",
    {
      schema: {
        summary: "Renews it now. With `If-Match`: unless there is another one than this, which an API has refused.",
        params,
        querystring: z.strictObject({
          insist: yesOrNo.meta({ description: "With `If-Match`: also in the pause that follows a failure." }),
        }),
        response: { 200: tokenStatus, ...problems },
      },
    },
    async ({ params: { name }, query, headers }) => {
      const named = find(name)
      const refused = headers["if-match"]
      const insist = query.insist === "true"
      await (refused === undefined ? named.refresh() : named.replace((tag) => isNamedIn(refused, tag), { insist }))
      return named.status
    },
  )

  app.put(
    "/tokens/:name",
    {
      config: { access: "key" },
      schema: {
        summary: "Replaces what is kept. A refresh token alone is used at once.",
        params,
        body: tokensToSet,
        response: { 200: tokenStatus, ...problems },
      },
    },
    async ({ params: { name }, body }) => setTokens(find(name), body),
  )

  app.delete(
    "/tokens/:name",
    {
      schema: {
        summary: "Revokes it at the issuer, and forgets it.",
        params,
        querystring: z.strictObject({
          local: yesOrNo.meta({ description: "It is forgotten only." }),
        }),
        response: { 204: nothing, ...problems },
      },
    },
    async ({ params: { name }, query }, reply) => {
      await find(name).revoke({ local: query.local === "true" })
      reply.code(204)
      return undefined
    },
  )
}
