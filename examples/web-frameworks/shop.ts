import { randomBytes } from "node:crypto"
import type { PGlite } from "@electric-sql/pglite"
import { createTokenManager, SessionError, type TokenContext } from "@evertoken/session"
import { postgresTable } from "@evertoken/session/postgres"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { RefreshTokenSource } from "evertoken/oauth2"
import type { Sandbox } from "../sandbox/sandbox.js"

/** What the applications of this folder have in common. */
export type Shop = ReturnType<typeof openShop>

/** `userId` is its one user. */
export function openShop(sandbox: Sandbox, database: PGlite, userId: string) {
  const { clientId } = sandbox.issuer.clients.app
  const tokens = createTokenManager({
    keyring: new Keyring([EncryptionKey.from(randomBytes(32))]),
    signingKeys: [randomBytes(32)],
    types: {
      access: { strategy: "cookie", renewedBy: "refresh" },
      refresh: {
        strategy: "database",
        table: postgresTable(database),
        source: new RefreshTokenSource({ issuer: sandbox.issuer.url, clientId, clientAuthentication: "none" }),
      },
    },
  })

  /** In place of a browser's way to the issuer and back, which the example web-app goes. */
  async function signIn(context: TokenContext): Promise<string> {
    await tokens.set(context, "refresh", await sandbox.issuer.issueRefreshToken({ clientId }), { userId })
    await tokens.accessToken(context, { userId })
    return "welcome"
  }

  async function invoices(context: TokenContext): Promise<string> {
    const { authorization } = await tokens.accessToken(context)
    return (await fetch(`${sandbox.api.url}/invoices`, { headers: { authorization } })).text()
  }

  async function signOut(context: TokenContext): Promise<string> {
    return `removed: ${(await tokens.deleteMany(context, ["access", "refresh"])).removed.join(", ")}`
  }

  return { tokens, signIn, invoices, signOut }
}

export function statusOf(error: unknown): 401 | 500 {
  return error instanceof SessionError && error.code === "ERR_NOT_SIGNED_IN" ? 401 : 500
}
