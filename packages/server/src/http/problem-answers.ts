import { TokenError } from "evertoken"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { hintFor } from "../tokens/token-hint.js"
import { problemOf, refusalFor } from "./problem.js"
import { Refusal } from "./refusal.js"
import type { ServerContext } from "./server-context.js"

/** Every failure becomes a problem for the client, and one line in the log saying why. */
export function answerProblems(app: FastifyInstance, context: ServerContext): void {
  app.setErrorHandler((error, request, reply) => answerProblem(context, error, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const error = new Refusal("ERR_UNKNOWN_ROUTE", "nothing is here; GET /openapi.json tells what there is")
    return answerProblem(context, error, request, reply)
  })
}

/** One failure. */
export function answerProblem(
  context: ServerContext,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = refusalFor(error)
  const hint = error instanceof TokenError ? hintOf(context, error, request) : refusal.hint
  log(context, error, refusal, request)
  if (refusal.retryAfterMs !== undefined && Number.isFinite(refusal.retryAfterMs)) {
    reply.header("retry-after", Math.max(1, Math.ceil(refusal.retryAfterMs / 1_000)))
  }
  if (refusal.status === 401) reply.header("www-authenticate", "Bearer")
  return reply
    .code(refusal.status)
    .header("cache-control", "no-store")
    .type("application/problem+json")
    .send(problemOf(refusal, hint))
}

/** The URL is not told: somebody may have put a secret there. */
function log({ log }: ServerContext, error: unknown, refusal: Refusal, { method, routeOptions }: FastifyRequest): void {
  const { code, status, message: why } = refusal
  const line = { method, route: routeOptions.url, status, code, why }
  if (code === "ERR_INTERNAL") log.error({ ...line, ...originOf(error) }, "request failed")
  else log.warn(line, "request refused")
}

/** Where an error that nobody expected comes from. Its message may hold anything. */
function originOf(error: unknown) {
  if (!(error instanceof Error)) return { error: typeof error }
  const frames = error.stack?.split("\n").filter((line) => line.startsWith("    at ")) ?? []
  return { error: error.name, at: frames.map((line) => line.trim().slice(3)) }
}

function hintOf({ registry }: ServerContext, error: TokenError, { params }: FastifyRequest): string | undefined {
  const [only, ...others] = registry.all
  const named = isNamed(params) ? registry.find(params.name) : others.length === 0 ? only : undefined
  if (named === undefined) return undefined
  const { name, canSignIn } = named.status
  return hintFor(error, { name, canSignIn })
}

function isNamed(params: unknown): params is { readonly name: string } {
  return typeof params === "object" && params !== null && "name" in params && typeof params.name === "string"
}
