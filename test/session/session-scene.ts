import { randomBytes } from "node:crypto"
import { createTokenManager, type TokenContext } from "@evertoken/session"
import { createTable, postgresTable } from "@evertoken/session/postgres"
import { Token } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { RefreshTokenSource } from "evertoken/oauth2"
import pg from "pg"
import { RealIssuer } from "../issuer/real-issuer.js"
import { PostgresServer } from "../servers/postgres-server.js"

function managerOver(pool: pg.Pool, issuer: RealIssuer) {
  const table = postgresTable(pool)
  const { clientId } = issuer.clients.public
  const source = new RefreshTokenSource({ issuer: issuer.url, clientId, clientAuthentication: "none" })
  return createTokenManager({
    keyring: new Keyring([EncryptionKey.from(randomBytes(32).toString("base64"))]),
    signingKeys: [randomBytes(32).toString("base64")],
    types: {
      access: { strategy: "cookie", renewedBy: "refresh", idleTimeoutMs: 3_600_000 },
      refresh: { strategy: "database", table, source },
      calendar: { strategy: "database", table, source },
      all: { strategy: "virtual", of: ["refresh", "calendar"] },
    },
  })
}

/** A manager in this process, over a real PostgreSQL and a real issuer. */
export class SessionScene implements AsyncDisposable {
  readonly issuer: RealIssuer
  readonly postgres: PostgresServer
  readonly pool: pg.Pool
  readonly tokens: ReturnType<typeof managerOver>

  private constructor(issuer: RealIssuer, postgres: PostgresServer) {
    this.issuer = issuer
    this.postgres = postgres
    this.pool = new pg.Pool({ ...postgres.connection, max: 10 })
    // what is idle when the server ends
    this.pool.on("error", () => {})
    this.tokens = managerOver(this.pool, issuer)
  }

  static async open(programs: string): Promise<SessionScene> {
    const scene = new SessionScene(await RealIssuer.start(), await PostgresServer.start(programs))
    await createTable(scene.pool)
    return scene
  }

  /** Whose tokens are all stale, and good for so long. */
  async signedIn(userId: string, leftMs: number): Promise<Visitor> {
    const visitor = new Visitor()
    for (const type of ["refresh", "calendar"] as const) {
      const now = Date.now()
      const times = { issuedAt: now - 60_000, staleAt: now, expiresAt: now + leftMs }
      const refreshToken = await this.issuer.issueRefreshToken()
      const token = new Token({ accessToken: `canary-first-${userId}`, refreshToken, ...times })
      await this.tokens.set(visitor.request(), type, token, { userId })
      if (type === "refresh") await this.tokens.set(visitor.request(), "access", token, { userId })
    }
    return visitor
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.postgres[Symbol.asyncDispose]()
    await this.issuer.close()
    // it waits for what the killed server still owes
    void this.pool.end()
  }
}

/** A browser, as far as cookies are concerned. */
export class Visitor {
  readonly cookies = new Map<string, string>()

  get cookieHeader(): string | undefined {
    return this.cookies.size === 0 ? undefined : [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ")
  }

  request(): TokenContext {
    return {
      cookieHeader: this.cookieHeader,
      appendSetCookie: (line) => {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (line.includes("Max-Age=0")) this.cookies.delete(name)
        else this.cookies.set(name, value)
      },
    }
  }
}
