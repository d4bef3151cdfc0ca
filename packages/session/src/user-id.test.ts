import { PGlite } from "@electric-sql/pglite"
import { Token } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createTokenManager } from "./create-token-manager.js"
import { createTable, postgresTable } from "./postgres/postgres-table.js"
import { Browser } from "./testing/browser.js"

const LONGEST = "\u{1f600}".repeat(512)
const UNUSUAL = [
  "__proto__",
  "constructor",
  "toString",
  "refresh:alice",
  ":alice",
  "alice:",
  "alice",
  "Alice",
  "alice ",
  " alice",
  "al\u00e9",
  "ale\u0301",
  "\ufffd",
  "\u{1f600}",
  "'; DROP TABLE session_tokens; --",
  "a\nb\tc\u2028d",
  "%_\\",
  "../..",
  "undefined",
  "null",
  "0",
  LONGEST,
]
const IMPOSSIBLE = [
  ["empty", ""],
  ["with a NUL", "a\0b"],
  ["half a character", "\ud800"],
  ["with the other half", "a\udfffb"],
  ["of halves in the wrong order", "\udc00\ud800"],
  ["too long for an index", `${LONGEST}x`],
] as const

describe("a user's id", () => {
  const database = new PGlite()
  const table = postgresTable(database)
  const tokens = createTokenManager({
    keyring: new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7))]),
    signingKeys: [Uint8Array.from({ length: 32 }, (_, i) => i * 5)],
    types: {
      access: { strategy: "cookie", renewedBy: "refresh" },
      refresh: { strategy: "database", table, source: { getToken: () => Promise.reject(new Error("canary")) } },
      constructor: { strategy: "database", table },
      allRows: { strategy: "virtual", of: ["refresh", "constructor"] },
    },
  })

  beforeAll(() => createTable(database), 60_000)
  afterAll(() => database.close())

  function tokenOf(text: string) {
    const now = Date.now()
    return new Token({ accessToken: text, refreshToken: "r", issuedAt: now, staleAt: now + 1e6, expiresAt: now + 2e6 })
  }

  test("may be unusual: each has their own tokens, by option, cookie and job, and signs out alone", async () => {
    await using jobs = tokens.pool()
    const browsers = UNUSUAL.map(() => new Browser())
    for (const [i, userId] of UNUSUAL.entries()) {
      const context = browsers[i]?.request() ?? new Browser().request()
      await tokens.set(context, "refresh", tokenOf(`refresh-${i}`), { userId })
      await tokens.set(context, "constructor", tokenOf(`constructor-${i}`), { userId })
      await tokens.set(context, "access", tokenOf(`access-${i}`), { userId })
    }
    for (const [i, userId] of UNUSUAL.entries()) {
      const context = browsers[i]?.request() ?? new Browser().request()
      const told = [
        await tokens.get(context, "refresh"),
        await tokens.get(new Browser().request(), "constructor", { userId }),
        await tokens.accessToken(context),
        await jobs.getToken({ userId, type: "refresh" }),
      ]
      expect(told.map((token) => token?.accessToken)).toEqual([
        `refresh-${i}`,
        `constructor-${i}`,
        `access-${i}`,
        `refresh-${i}`,
      ])
      expect(await tokens.deleteMany(context, ["access", "allRows"])).toEqual({
        removed: expect.arrayContaining(["access", "refresh", "constructor"]) as unknown,
      })
      const { rows } = await database.query("SELECT 1 FROM session_tokens")
      expect(rows).toHaveLength(2 * (UNUSUAL.length - i - 1))
    }
  })

  test.each(IMPOSSIBLE)("is not %s: a TypeError says so everywhere", async (_, userId) => {
    const context = new Browser().request()
    const known = { ...context, userId }
    await using jobs = tokens.pool()
    const calls = [
      () => tokens.set(context, "refresh", tokenOf("canary"), { userId }),
      () => tokens.set(known, "access", tokenOf("canary")),
      () => tokens.get(context, "refresh", { userId }),
      () => tokens.get(known, "access"),
      () => tokens.delete(context, "refresh", { userId }),
      () => tokens.deleteMany(known, ["access", "allRows"]),
      () => tokens.accessToken(context, { userId }),
      () => tokens.accessToken(known),
      () => jobs.getToken({ userId, type: "refresh" }),
      () => jobs.refresh({ userId, type: "refresh" }),
      async () => jobs.current({ userId, type: "refresh" }),
      async () => jobs.token$({ userId, type: "refresh" }),
    ]
    for (const call of calls) await expect(call()).rejects.toThrow(/^userId must/)
  })

  test("cannot be had by a type that has a part of it", async () => {
    await using jobs = tokens.pool()
    await tokens.set(new Browser().request(), "refresh", tokenOf("canary"), { userId: "a:b" })
    // @ts-expect-error -- there is no such type
    await expect(jobs.getToken({ userId: "b", type: "refresh:a" })).rejects.toThrow("refresh:a is no type")
    // @ts-expect-error -- there is no such type
    await expect(jobs.getToken({ userId: "b", type: "__proto__" })).rejects.toThrow()
  })
})
