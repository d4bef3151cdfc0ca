import { subscribe } from "node:diagnostics_channel"
import { createServer, type IncomingMessage } from "node:http"
import { createTokenManager, SessionError } from "@evertoken/session"
import { expressContext, expressTokens } from "@evertoken/session/express"
import { postgresTable } from "@evertoken/session/postgres"
import { hashOf, Token, TokenError } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { RefreshTokenSource } from "evertoken/oauth2"
import pg from "pg"

/** What the parent gives in the environment variable `SESSION_SERVER`. */
export interface SessionServerOptions {
  /** What it calls itself, at the database and at the issuer (`x-request-id`). */
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly database: pg.PoolConfig
  readonly encryptionKeys: readonly string[]
  readonly signingKeys: readonly string[]
}

const options = JSON.parse(process.env["SESSION_SERVER"] ?? "{}") as SessionServerOptions
const pool = new pg.Pool({ ...options.database, max: 10, application_name: options.name })
// what is idle when the database ends
pool.on("error", () => {})
const table = postgresTable(pool)
const { issuer, clientId } = options
const source = new RefreshTokenSource({ issuer, clientId, clientAuthentication: "none" })

const tokens = createTokenManager({
  keyring: new Keyring(options.encryptionKeys.map((key) => EncryptionKey.from(key))),
  signingKeys: options.signingKeys,
  types: {
    access: { strategy: "cookie", renewedBy: "refresh", idleTimeoutMs: 3_600_000 },
    refresh: { strategy: "database", table, source },
    calendar: { strategy: "database", table, source },
    all: { strategy: "virtual", of: ["refresh", "calendar"] },
  },
})
const renewed = expressTokens(tokens)

subscribe("undici:request:create", (message) => {
  const { request } = message as { request: { addHeader(name: string, value: string): void } }
  request.addHeader("x-request-id", options.name)
})

/** A web application of three pages. It shows a hash in place of the token. */
const server = createServer((request, response) => {
  const context = expressContext(request, response)
  const answer = async (): Promise<object> => {
    if (request.url === "/login") {
      const { userId, refreshToken, leftMs } = await fieldsOf(request)
      const now = Date.now()
      // stale already
      const times = { issuedAt: now, staleAt: now, expiresAt: now + leftMs }
      const token = new Token({ accessToken: `first-${userId}`, refreshToken, ...times })
      await tokens.set(context, "refresh", token, { userId })
      await tokens.set(context, "access", token, { userId })
      return {}
    }
    if (request.url === "/logout") return tokens.deleteMany(context, ["access", "all"], { keep: ["calendar"] })
    const { accessToken } = await tokens.accessToken(context)
    return { token: hashOf(accessToken) }
  }
  // who signs out needs no new token
  const before = request.url === "/logout" ? (_: unknown, __: unknown, next: () => void) => next() : renewed
  void before(request, response, () => {
    answer().then(
      (body) => response.end(JSON.stringify(body)),
      (error: unknown) => {
        const code = error instanceof SessionError || error instanceof TokenError ? error.code : "ERR_INTERNAL"
        response.writeHead(code === "ERR_NOT_SIGNED_IN" ? 401 : 500).end(JSON.stringify({ code }))
      },
    )
  })
})

// the parent says at which step of a renewal this process is to stop, between two instructions, once
let stopAt: unknown
process.on("message", (message) => (stopAt = message))
subscribe("evertoken:step", (message) => {
  if ((message as { readonly step: string }).step !== stopAt) return
  stopAt = undefined
  process.kill(process.pid, "SIGSTOP")
})

// longer than a browser keeps an idle connection: only what is killed resets one
server.keepAliveTimeout = 600_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object") process.send?.(address?.port)
})

async function fieldsOf(request: IncomingMessage) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString()) as { userId: string; refreshToken: string; leftMs: number }
}
