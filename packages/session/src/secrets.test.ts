import { randomBytes } from "node:crypto"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { IncomingMessage, ServerResponse } from "node:http"
import { Socket } from "node:net"
import { inspect } from "node:util"
import { PGlite } from "@electric-sql/pglite"
import { Token, TokenError, type TokenRequest } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createTokenManager } from "./create-token-manager.js"
import { expressContext } from "./express/express-tokens.js"
import { fastifyContext } from "./fastify/fastify-tokens.js"
import { honoContext } from "./hono/hono-tokens.js"
import { createTable, postgresTable } from "./postgres/postgres-table.js"
import { SessionError } from "./session-error.js"
import { Browser } from "./testing/browser.js"
import type { TokenContext } from "./token-context.js"
import { withTokens } from "./web/with-tokens.js"

const CHANNELS = ["renewed", "adopted", "renewal-failed", "waiting", "cache-failed", "unwritten", "step"]
const ENCRYPTION_KEY = randomBytes(32).toString("base64")
const SIGNING_KEY = randomBytes(32).toString("base64")

const database = new PGlite()
const table = postgresTable(database)
const issuer = { isFailing: false, asked: 0 }
const source = {
  singleUse: true,
  getToken: ({ previous }: TokenRequest = {}) => {
    if (previous?.refreshToken === undefined) {
      throw new TokenError("ERR_REAUTHENTICATION_REQUIRED", "there is no refresh token", { transient: false })
    }
    issuer.asked++
    return issuer.isFailing
      ? Promise.reject(Object.assign(new Error("canary"), { code: "canary" }))
      : Promise.resolve(tokenOf("canary-renewed"))
  },
}
const tokens = createTokenManager({
  keyring: new Keyring([EncryptionKey.from(ENCRYPTION_KEY)]),
  signingKeys: [SIGNING_KEY],
  types: {
    access: { strategy: "cookie", renewedBy: "refresh" },
    refresh: { strategy: "database", table, source },
    calendar: { strategy: "database", table, source },
    all: { strategy: "virtual", of: ["refresh", "calendar"] },
  },
})

beforeAll(() => createTable(database), 60_000)
afterAll(() => database.close())

function tokenOf(accessToken: string, { staleIn = 1e6 } = {}) {
  const now = Date.now()
  const times = { issuedAt: now - 1e3, staleAt: now + staleIn, expiresAt: now + 2e6 }
  return new Token({ accessToken, refreshToken: `canary-refresh-${Math.random()}`, idToken: "canary-id", ...times })
}

/** All that a program could log of it by accident. */
function shown(value: unknown): string {
  let json: string | undefined
  try {
    json = JSON.stringify(value)
  } catch {
    json = "" // what cannot be made JSON of cannot be logged as it
  }
  const deep = inspect(value, { depth: Infinity, showHidden: true, getters: true })
  const text = value instanceof Error ? `${value.message} ${value.stack}` : ""
  return [deep, inspect(value), json, text].join("\n")
}

function assertSecretFree(what: string, value: unknown, secrets: readonly string[] = []): void {
  const text = shown(value)
  for (const secret of ["canary", ENCRYPTION_KEY, SIGNING_KEY, "eyJ", ...secrets]) {
    expect(text.includes(secret), `${what} shows ${secret}: ${text.slice(0, 300)}`).toBe(false)
  }
}

test("whatever the database fails with, values of rows among it, no error, no event and nothing that is logged shows a secret", async () => {
  const events: unknown[] = []
  const listener = (message: unknown) => void events.push(message)
  for (const name of CHANNELS) subscribe(`evertoken:${name}`, listener)
  const browser = new Browser()
  await tokens.set(browser.request(), "refresh", tokenOf("canary-1", { staleIn: 0 }), { userId: "alice" })
  await tokens.set(browser.request(), "calendar", tokenOf("canary-2", { staleIn: 0 }), { userId: "alice" })
  await tokens.set(browser.request(), "access", tokenOf("canary-3", { staleIn: 0 }), { userId: "alice" })
  const { rows } = await database.query<{ value: string }>("SELECT value FROM session_tokens")
  const sealed = rows.map(({ value }) => (JSON.parse(value) as { readonly sealed: string }).sealed)
  await database.exec(`
    CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'canary %', COALESCE(NEW.value, OLD.value)
        USING DETAIL = COALESCE(NEW.value, OLD.value), HINT = 'canary', TABLE = 'canary', ERRCODE = 'P0001';
    END $$;
    CREATE TRIGGER fails BEFORE INSERT OR UPDATE OR DELETE ON session_tokens FOR EACH ROW EXECUTE FUNCTION fails();
  `)
  const jobs = tokens.pool({ startTimeoutMs: 500 })
  const ended = new Browser()
  const calls: (() => Promise<unknown>)[] = [
    () => tokens.set(browser.request(), "refresh", tokenOf("canary-4")),
    () => tokens.set(browser.request(), "calendar", "canary-text"),
    () => tokens.delete(browser.request(), "calendar"),
    () => tokens.deleteMany(browser.request(), ["all"]),
    () => tokens.accessToken({ ...ended.request(), userId: "bob" }),
    () => tokens.set(ended.request(), "refresh", tokenOf("canary-5"), { userId: "bob" }),
    () => jobs.getToken({ userId: "bob", type: "calendar" }),
    () => tokens.get({ ...browser.request(), cookieHeader: `${browser.cookieHeader}x` }, "access"),
    () => tokens.set(browser.request(), "access", tokenOf("canary".repeat(5_000))),
  ]
  for (const [i, call] of calls.entries()) {
    const error: unknown = await call().catch((e: unknown) => e)
    expect(error instanceof SessionError || error instanceof TokenError, `call ${i}: ${String(error)}`).toBe(true)
    assertSecretFree(`the error of call ${i}`, error, sealed)
  }
  await jobs.close()
  // no claim could be written
  expect(issuer.asked).toBe(0)
  await database.exec("DROP TRIGGER fails ON session_tokens")
  issuer.isFailing = true
  const again = await tokens.accessToken(browser.request(), { type: "calendar" }).catch((e: unknown) => e)
  assertSecretFree("what the source fails with", again, sealed)
  const altered = await database.query(
    'UPDATE session_tokens SET value = replace(value, \'"sealed":"\', \'"sealed":"x\') RETURNING 1',
  )
  expect(altered.rows.length).toBeGreaterThan(0)
  const refused: unknown = await tokens.get(browser.request(), "calendar").catch((e: unknown) => e)
  expect(refused).toMatchObject({ code: "ERR_ROW_REFUSED" })
  assertSecretFree("a refused row", refused, sealed)
  for (const name of CHANNELS) unsubscribe(`evertoken:${name}`, listener)
  expect(events.length).toBeGreaterThan(5)
  for (const event of events) assertSecretFree("an event", event, sealed)
})

test("nothing of the manager shows a secret by accident", async () => {
  await using jobs = tokens.pool()
  for (const [what, value] of Object.entries({ tokens, table, jobs })) assertSecretFree(what, value)
})

test("a request's context shows no cookie when it is logged, nor does a copy of it", async () => {
  const cookie = "__Host-access=canary"
  const message = new IncomingMessage(new Socket())
  message.headers.cookie = cookie
  const contexts: TokenContext[] = [
    expressContext(message, new ServerResponse(message)),
    fastifyContext({ headers: { cookie } }, { header: () => undefined }),
    honoContext({ req: { header: () => cookie }, header: () => {} }),
  ]
  const page = withTokens(tokens, (_, context) => {
    contexts.push(context)
    return new Response()
  })
  await page(new Request("https://app.example/", { headers: { cookie } }))
  expect(contexts).toHaveLength(4)
  for (const context of contexts) {
    expect(context.cookieHeader).toBe(cookie)
    const copy = { ...context, userId: "alice" }
    expect(copy.cookieHeader).toBe(cookie)
    for (const value of [context, copy]) {
      const logged = [
        inspect(value),
        JSON.stringify(value),
        inspect({ deep: { value } }, { depth: Infinity, showHidden: true }),
      ]
      expect(logged.join("\n")).not.toContain("canary")
    }
  }
})
