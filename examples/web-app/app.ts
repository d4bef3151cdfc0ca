import type { PGlite } from "@electric-sql/pglite"
import { createTokenManager, SessionError } from "@evertoken/session"
import { fastifyContext, fastifyTokens } from "@evertoken/session/fastify"
import { createTable, postgresTable } from "@evertoken/session/postgres"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import {
  AuthorizationCodeFlow,
  deserializePendingAuthorization,
  RefreshTokenSource,
  serializePendingAuthorization,
} from "evertoken/oauth2"
import Fastify from "fastify"
import { decodeJwt } from "jose"

export interface WebAppOptions {
  readonly issuer: string
  readonly clientId: string
  readonly apiUrl: string
  readonly database: PGlite
  readonly encryptionKey: string
  readonly signingKey: string
}

/** A web application: its users sign in at the issuer, and it calls an API in their name. */
export async function startWebApp({ apiUrl, database, encryptionKey, signingKey, ...issuer }: WebAppOptions) {
  const client = { ...issuer, clientAuthentication: "none", scope: "openid offline_access invoices:read" } as const
  const flow = new AuthorizationCodeFlow(client)
  const source = new RefreshTokenSource(client)
  await createTable(database)
  const table = postgresTable(database)
  const tokens = createTokenManager({
    keyring: new Keyring([EncryptionKey.from(encryptionKey)]),
    signingKeys: [signingKey],
    types: {
      signIn: { strategy: "cookie", format: "opaque" },
      access: { strategy: "cookie", renewedBy: "refresh" },
      refresh: { strategy: "database", table, source },
      calendar: { strategy: "database", table, source },
      allRefresh: { strategy: "virtual", of: ["refresh", "calendar"] },
    },
  })

  const app = Fastify({ forceCloseConnections: true })
  app.addHook("onRequest", fastifyTokens(tokens))
  app.addContentTypeParser("application/x-www-form-urlencoded", (_request, _body, done) => done(null, {}))
  const redirectUri = () => `${app.listeningOrigin}/callback`

  app.get("/", async (_request, reply) => reply.type("text/html").send(PAGE))

  app.get("/login", async (request, reply) => {
    // without it, some issuers give no refresh token
    const pending = await flow.begin({ redirectUri: redirectUri(), parameters: { prompt: "consent" } })
    const value = JSON.stringify(serializePendingAuthorization(pending))
    await tokens.set(fastifyContext(request, reply), "signIn", value, { expiresAt: Date.now() + 600_000 })
    return reply.redirect(pending.url)
  })

  app.get("/callback", async (request, reply) => {
    const context = fastifyContext(request, reply)
    const kept = await tokens.get(context, "signIn")
    if (kept === undefined) return reply.redirect("/")
    const token = await flow.complete(request.url, deserializePendingAuthorization(JSON.parse(kept.accessToken)))
    const { sub: userId = "" } = decodeJwt(token.idToken ?? "")
    await tokens.delete(context, "signIn")
    await tokens.set(context, "refresh", token, { userId })
    await tokens.set(context, "access", token, { userId })
    return reply.redirect("/")
  })

  app.get("/invoices", async (request, reply) => {
    const { authorization } = await tokens.accessToken(fastifyContext(request, reply))
    const answer = await fetch(`${apiUrl}/invoices`, { headers: { authorization } })
    return reply.code(answer.status).send(await answer.json())
  })

  app.post("/logout", (request, reply) =>
    tokens.deleteMany(fastifyContext(request, reply), ["access", "allRefresh"], { keep: ["calendar"] }),
  )

  app.setErrorHandler((error, _request, reply) => {
    const isSignedOut = error instanceof SessionError && error.code === "ERR_NOT_SIGNED_IN"
    return reply.code(isSignedOut ? 401 : 500).send({ error: isSignedOut ? "sign in first" : "something went wrong" })
  })

  await app.listen({ host: "127.0.0.1", port: 0 })
  return { url: app.listeningOrigin, tokens, close: () => app.close() }
}

const PAGE = `<!doctype html>
<title>Invoices</title>
<h1>Invoices</h1>
<p><a href="/login">Sign in</a> <a href="/invoices">My invoices</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>`
