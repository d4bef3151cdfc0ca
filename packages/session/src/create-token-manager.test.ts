import { Token } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { VirtualClock } from "evertoken/testing"
import { describe, expect, test, vi } from "vitest"
import { createTokenManager } from "./create-token-manager.js"
import { Browser } from "./testing/browser.js"
import { whenKeysRest } from "./testing/key-work.js"
import { MemoryTable } from "./testing/memory-table.js"
import { RotatingIssuer } from "./testing/rotating-issuer.js"
import type { TokenPlace, TokenStrategy } from "./token-strategy.js"

const keyring = new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7))])
const signingKeys = [Uint8Array.from({ length: 32 }, (_, i) => i * 5)]
const ALICE = { userId: "alice" }

/** A strategy of the application's own: numbers, in memory. */
class Numbers implements TokenStrategy<number> {
  readonly kept = new Map<string, number>()

  async get({ userId = "" }: TokenPlace): Promise<number | undefined> {
    return this.kept.get(userId)
  }

  async set({ userId = "" }: TokenPlace, value: number): Promise<void> {
    this.kept.set(userId, value)
  }

  async delete({ userId = "" }: TokenPlace): Promise<boolean> {
    return this.kept.delete(userId)
  }
}

function scene() {
  const clock = new VirtualClock({ settle: whenKeysRest })
  const issuer = new RotatingIssuer(clock)
  const database = new MemoryTable()
  const { table } = database
  const own = new Numbers()
  const tokens = createTokenManager({
    keyring,
    signingKeys,
    clock,
    types: {
      access: { strategy: "cookie", renewedBy: "refresh" },
      refresh: { strategy: "database", table, source: issuer.source },
      calendar: { strategy: "database", table, source: issuer.source },
      number: { strategy: own },
      allRefresh: { strategy: "virtual", of: ["refresh", "calendar"] },
    },
  })
  return { clock, issuer, database, tokens, own, browser: new Browser() }
}

describe("what is set is there, and can be deleted", () => {
  test("in a cookie", async () => {
    const { tokens, browser, issuer } = scene()
    await tokens.set(browser.request(), "access", issuer.signIn(), ALICE)
    expect((await tokens.get(browser.request(), "access"))?.accessToken).toBe("access-1")
    expect(await tokens.delete(browser.request(), "access")).toBe(true)
    expect(await tokens.get(browser.request(), "access")).toBeUndefined()
    expect(await tokens.delete(browser.request(), "access")).toBe(false)
  })

  test("in the database, for the user that the signed cookie names", async () => {
    const { tokens, browser, issuer, database } = scene()
    await tokens.set(browser.request(), "access", issuer.signIn(), ALICE)
    await tokens.set(browser.request(), "refresh", issuer.signIn())
    expect([...database.rows.keys()]).toEqual(["alice/refresh"])
    database.statements.length = 0
    expect((await tokens.get(browser.request(), "refresh"))?.refreshToken).toBe("refresh-2")
    expect(database.statements).toEqual(["load"])
    expect(await tokens.delete(browser.request(), "refresh")).toBe(true)
    expect(await tokens.get(browser.request(), "refresh")).toBeUndefined()
    expect(database.rows.size).toBe(0)
  })

  test("by a strategy of the application's own", async () => {
    const { tokens, browser, own } = scene()
    await tokens.set(browser.request(), "number", 7, ALICE)
    const value: number | undefined = await tokens.get(browser.request(), "number", ALICE)
    expect([value, own.kept.get("alice")]).toEqual([7, 7])
    expect(await tokens.delete(browser.request(), "number", ALICE)).toBe(true)
  })

  test("a refresh token as a text, which is used when an access token is needed", async () => {
    const { tokens, browser, issuer, clock } = scene()
    const { refreshToken = "" } = issuer.signIn()
    await tokens.set(browser.request(), "refresh", refreshToken, ALICE)
    const asked = tokens.accessToken(browser.request("alice"))
    await clock.advance(100)
    expect((await asked).accessToken).toBe("access-2")
    expect(issuer.requests).toEqual([refreshToken])
  })
})

test("there is nothing readable in a row: no token, and not that of another one", async () => {
  const { tokens, browser, issuer, database } = scene()
  await tokens.set(browser.request(), "refresh", issuer.signIn(), ALICE)
  const [row = ""] = database.rows.values()
  expect(row.length).toBeGreaterThan(100)
  expect(row).not.toMatch(/access-1|refresh-1/)
})

describe("several at once", () => {
  async function signedIn() {
    const all = scene()
    const { tokens, browser, issuer, database } = all
    const context = browser.request()
    await tokens.set(context, "access", issuer.signIn(), ALICE)
    await tokens.set(context, "refresh", issuer.signIn(), ALICE)
    await tokens.set(context, "calendar", issuer.signIn(), ALICE)
    database.statements.length = 0
    return all
  }

  test("cookies and rows go in one call, the rows in one statement", async () => {
    const { tokens, browser, database } = await signedIn()
    const { removed } = await tokens.deleteMany(browser.request(), ["access", "allRefresh"], ALICE)
    expect([...removed].sort()).toEqual(["access", "calendar", "refresh"])
    expect([database.statements, database.rows.size, browser.cookies.size]).toEqual([["removeMany"], 0, 0])
  })

  test("what is named stays", async () => {
    const { tokens, browser, database } = await signedIn()
    const { removed } = await tokens.deleteMany(browser.request(), ["access", "allRefresh"], {
      ...ALICE,
      keep: ["calendar"],
    })
    expect([...removed].sort()).toEqual(["access", "refresh"])
    expect([...database.rows.keys()]).toEqual(["alice/calendar"])
  })

  test("what was not there is not told to be removed", async () => {
    const { tokens, browser } = await signedIn()
    await tokens.delete(browser.request(), "refresh", ALICE)
    const { removed } = await tokens.deleteMany(browser.request(), ["allRefresh"], ALICE)
    expect(removed).toEqual(["calendar"])
    expect(await tokens.delete(browser.request(), "allRefresh", ALICE)).toBe(false)
  })

  test("what could not be removed is told, and the rest is gone", async () => {
    const { tokens, browser, database } = await signedIn()
    database.isDown = true
    const failure = await tokens.deleteMany(browser.request(), ["access", "allRefresh"], ALICE).catch((e: unknown) => e)
    expect(failure).toMatchObject({
      code: "ERR_DELETION_INCOMPLETE",
      removed: ["access"],
      remaining: ["refresh", "calendar"],
    })
    expect([database.rows.size, browser.cookies.size]).toEqual([2, 0])
  })

  test("a database that does not answer holds nobody up: the cookie is gone, and the rows are told to remain", async () => {
    const { clock, tokens, browser, database, issuer } = scene()
    await tokens.set(browser.request(), "access", issuer.signIn(), ALICE)
    database.hangs = true
    const types = ["access", "allRefresh"] as const
    const outcomes = Promise.allSettled([
      tokens.deleteMany(browser.request(), types),
      tokens.delete(browser.request(), "refresh", ALICE),
    ])
    await vi.waitFor(() => expect(database.statements).toEqual(["removeMany", "removeMany"]))
    await clock.advance(10_000)
    expect(await outcomes).toMatchObject([
      { reason: { code: "ERR_DELETION_INCOMPLETE", removed: ["access"], remaining: ["refresh", "calendar"] } },
      { reason: { code: "ERR_DELETION_INCOMPLETE", removed: [], remaining: ["refresh"] } },
    ])
    expect(browser.cookies.size).toBe(0)
  })

  test("of nobody in particular only cookies are removed", async () => {
    const { tokens, browser, database } = await signedIn()
    browser.cookies.clear()
    expect(await tokens.deleteMany(browser.request(), ["access", "allRefresh"])).toEqual({ removed: [] })
    expect(database.rows.size).toBe(2)
  })

  test("a refused cookie keeps nobody from signing in", async () => {
    const { tokens, browser, issuer } = await signedIn()
    for (const name of browser.cookies.keys()) browser.cookies.set(name, "tampered")
    await tokens.set(browser.request(), "access", issuer.signIn(), ALICE)
    expect((await tokens.get(browser.request(), "access"))?.accessToken).toBe("access-4")
  })

  test("a refused cookie keeps nobody from signing out", async () => {
    const { tokens, browser } = await signedIn()
    for (const name of browser.cookies.keys()) browser.cookies.set(name, "tampered")
    await expect(tokens.get(browser.request(), "access")).rejects.toMatchObject({ code: "ERR_COOKIE_REFUSED" })
    expect(await tokens.deleteMany(browser.request(), ["access"])).toEqual({ removed: ["access"] })
    expect(browser.cookies.size).toBe(0)
  })
})

test("background jobs: the tokens of many users, by user and type, from the same rows", async () => {
  const { tokens, issuer, browser, clock, database } = scene()
  const users = Array.from({ length: 5 }, (_, i) => `user-${i}`)
  for (const userId of users) await tokens.set(browser.request(), "calendar", issuer.signIn(), { userId })
  await using pool = tokens.pool({ clock })
  const names = async () => {
    const asked = Promise.all(users.map((userId) => pool.getToken({ userId, type: "calendar" })))
    await clock.advance(100)
    return (await asked).map(({ accessToken }) => accessToken)
  }
  expect(await names()).toEqual(users.map((_, i) => `access-${i + 1}`))
  database.statements.length = 0
  await clock.advance(40 * 60_000)
  expect(database.statements, "nobody asks for what is fresh").toEqual([])
  await clock.advance(19 * 60_000)
  expect((await names()).every((name) => Number(name.slice("access-".length)) > 5)).toBe(true)
  expect([issuer.requests.length, new Set(issuer.requests).size, pool.size]).toEqual([5, 5, 5])
})

test("what is not declared, or cannot be, does not compile, and is told by name", async () => {
  const { tokens, browser, issuer } = scene()
  const context = browser.request()
  const value = issuer.signIn()
  // @ts-expect-error -- there is no such type
  await expect(tokens.set(context, "refesh", value, ALICE)).rejects.toThrow("there is no type refesh")
  // @ts-expect-error -- it has no value of its own
  await expect(tokens.get(context, "allRefresh", ALICE)).rejects.toThrow("it can only be deleted")
  // @ts-expect-error -- it takes a number
  await tokens.set(context, "number", value, ALICE)
  // @ts-expect-error -- it gives a Token
  const number: number | undefined = await tokens.get(context, "access", ALICE)
  expect(number).toBeUndefined()
  await expect(tokens.set(context, "refresh", value)).rejects.toMatchObject({ code: "ERR_NOT_SIGNED_IN" })
  await expect(tokens.set(context, "refresh", value.with({ refreshToken: undefined }), ALICE)).rejects.toMatchObject({
    code: "ERR_REFRESH_TOKEN_MISSING",
  })
  // @ts-expect-error -- as from JavaScript
  await expect(tokens.set(context, "refresh", 7, ALICE)).rejects.toThrow("the value of refresh must be a Token")
})

test("the access token of a row is that of the user whom the signed cookie names", async () => {
  const { tokens, browser, issuer } = scene()
  const context = browser.request()
  await tokens.set(context, "access", issuer.signIn(), ALICE)
  await tokens.set(context, "calendar", issuer.signIn(), ALICE)
  expect((await tokens.accessToken(browser.request(), { type: "calendar" })).accessToken).toBe("access-2")
  await expect(tokens.accessToken(new Browser().request(), { type: "calendar" })).rejects.toMatchObject({
    code: "ERR_NOT_SIGNED_IN",
  })
})

test("the access token is that of the one cookie there is, or must be named", async () => {
  const { issuer, browser } = scene()
  const one = createTokenManager({ signingKeys, types: { access: { strategy: "cookie" } } })
  const value = new Token({ accessToken: "canary", issuedAt: 0, staleAt: 8e15, expiresAt: 8e15 })
  await one.set(browser.request(), "access", value, ALICE)
  expect((await one.accessToken(browser.request())).accessToken).toBe("canary")
  const two = createTokenManager({
    signingKeys,
    types: { access: { strategy: "cookie" }, other: { strategy: "cookie" } },
  })
  await expect(two.accessToken(browser.request())).rejects.toThrow("by the option type")
  expect((await two.accessToken(browser.request(), { type: "access" })).accessToken).toBe("canary")
  await expect(two.accessToken(browser.request(), { type: "other" })).rejects.toMatchObject({
    code: "ERR_NOT_SIGNED_IN",
  })
  expect(issuer.requests).toEqual([])
})

test.each(["", "a\0b", 7, null])("%j is no user", async (userId) => {
  const { tokens, browser, issuer } = scene()
  // @ts-expect-error -- as from JavaScript
  const options: { userId: string } = { userId }
  const context = browser.request()
  for (const attempt of [
    () => tokens.set(context, "refresh", issuer.signIn(), options),
    () => tokens.get(context, "refresh", options),
    () => tokens.delete(context, "refresh", options),
    () => tokens.accessToken(context, options),
  ]) {
    await expect(attempt()).rejects.toThrow("userId must be a text")
  }
})

test("each mistake in what is declared is told with its type and field", () => {
  const { table } = new MemoryTable()
  const source = new RotatingIssuer(new VirtualClock()).source
  const refresh = { strategy: "database", table, source } as const
  const rows = { load: async () => undefined, save: async () => true, remove: async () => true }
  const cases: readonly [types: object, message: RegExp][] = [
    [{}, /types must name at least one/],
    [{ "a b": { strategy: "cookie" } }, /a name is made of/],
    [{ access: { strategy: "cooky" } }, /types\.access\.strategy/],
    [{ access: { strategy: "cookie", renewdBy: "refresh" } }, /types\.access.*renewdBy/],
    [{ access: { strategy: "cookie", renewedBy: "refresh" } }, /types\.access\.renewedBy must name/],
    [{ access: { strategy: "cookie", renewedBy: "refresh", format: "opaque" }, refresh }, /no times by which to renew/],
    [{ access: { strategy: "cookie", name: "a" }, other: { strategy: "cookie", name: "a" } }, /types\.other\.name/],
    [{ refresh: { strategy: "database" } }, /types\.refresh.*needs a table/],
    [{ refresh: { ...refresh, rows } }, /types\.refresh/],
    [{ all: { strategy: "virtual", of: ["refresh"] } }, /types\.all\.of must name/],
    [{ all: { strategy: "virtual", of: ["refresh"] }, refresh: { strategy: "database", rows } }, /share one table/],
  ]
  for (const [types, message] of cases) {
    expect(() => createTokenManager({ types: types as never, keyring, signingKeys }), String(message)).toThrow(message)
  }
  expect(() => createTokenManager({ types: { refresh } })).toThrow("keyring must be a Keyring")
  expect(() => createTokenManager({ types: { access: { strategy: "cookie" } } })).toThrow("signingKeys")
})

test("three functions over a schema of one's own are enough", async () => {
  const clock = new VirtualClock({ settle: whenKeysRest })
  const issuer = new RotatingIssuer(clock)
  const column = new Map<string, string>()
  const tokens = createTokenManager({
    keyring,
    clock,
    types: {
      refresh: {
        strategy: "database",
        source: issuer.source,
        rows: {
          load: async (userId) => column.get(userId) ?? null,
          save: async (userId, value, expected) => {
            if (column.get(userId) !== expected) return false
            column.set(userId, value)
            return true
          },
          remove: async (userId) => column.delete(userId),
        },
      },
    },
  })
  const context = new Browser().request("alice")
  await tokens.set(context, "refresh", issuer.signIn())
  await clock.advance(50 * 60_000)
  const asked = tokens.accessToken(context, { type: "refresh" })
  await clock.advance(100)
  expect((await asked) instanceof Token && (await asked).accessToken).toBe("access-2")
  expect(await tokens.delete(context, "refresh")).toBe(true)
  expect(column.size).toBe(0)
})
