import type { Token } from "evertoken"
import type { FastifyReply, FastifyRequest } from "fastify"
import { z } from "zod"
import { tagOf } from "../tokens/named-token.js"
import { isNamedIn } from "./entity-tag.js"

const at = z.number().meta({ description: "Epoch milliseconds." })

export const tokenAnswer = z
  .object({
    accessToken: z.string(),
    tokenType: z.string(),
    issuedAt: at,
    staleAt: z.number().meta({ description: "When the server seeks a newer one, at the latest. Epoch milliseconds." }),
    expiresAt: at,
    scope: z.string().optional(),
  })
  .meta({ description: "An access token." })

export type TokenAnswer = z.output<typeof tokenAnswer>

interface Prepared {
  readonly tag: string
  readonly answer: TokenAnswer
  readonly serialize: () => string
}

// a token is asked for far more often than it is renewed
const prepared = new WeakMap<Token, Prepared>()

function prepare(token: Token): Prepared {
  const { accessToken, tokenType, issuedAt, staleAt, expiresAt, scope } = token
  const answer = tokenAnswer.encode({ accessToken, tokenType, issuedAt, staleAt, expiresAt, scope })
  const text = JSON.stringify(answer)
  const made = { tag: tagOf(token), answer, serialize: () => text }
  prepared.set(token, made)
  return made
}

/** The answer that brings a token, or 304 if the client has it. */
export function tokenOr304(token: Token, { headers }: FastifyRequest, reply: FastifyReply): TokenAnswer | undefined {
  const { tag, answer, serialize } = prepared.get(token) ?? prepare(token)
  reply.header("cache-control", "no-store").header("etag", tag)
  if (isNamedIn(headers["if-none-match"], tag)) {
    reply.code(304)
    return undefined
  }
  reply.type("application/json; charset=utf-8").serializer(serialize)
  return answer
}
