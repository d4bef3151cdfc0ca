import { PGlite } from "@electric-sql/pglite"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { VirtualClock } from "evertoken/testing"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { createTokenManager } from "../create-token-manager.js"
import { kyselyTable } from "../kysely/kysely-table.js"
import { createTable, postgresTable } from "../postgres/postgres-table.js"
import { Browser } from "../testing/browser.js"
import { kyselyOver } from "../testing/kysely-over.js"
import { RotatingIssuer } from "../testing/rotating-issuer.js"

const embedded = new PGlite()
const statements: string[] = []
const counted = {
  query: (statement: string, parameters: unknown[]) => {
    statements.push(statement)
    return embedded.query<object>(statement, parameters)
  },
}
const kysely = kyselyOver(counted)

// it takes its time on a busy machine
beforeAll(async () => {
  await embedded.waitReady
  await createTable(embedded)
}, 120_000)

afterAll(async () => {
  await kysely.destroy()
  await embedded.close()
})

beforeEach(async () => {
  await embedded.exec("DELETE FROM session_tokens")
})

describe.each([
  { name: "postgresTable", table: () => postgresTable(counted) },
  { name: "kyselyTable", table: () => kyselyTable(kysely) },
])("a virtual type over $name", ({ table: tableOf }) => {
  async function scene() {
    const clock = new VirtualClock()
    const issuer = new RotatingIssuer(clock)
    const table = tableOf()
    const tokens = createTokenManager({
      keyring: new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7))]),
      signingKeys: [Uint8Array.from({ length: 32 }, (_, i) => i * 5)],
      clock,
      types: {
        access: { strategy: "cookie", renewedBy: "refresh" },
        refresh: { strategy: "database", table, source: issuer.source },
        calendar: { strategy: "database", table, source: issuer.source },
        mail: { strategy: "database", table, source: issuer.source },
        allRefresh: { strategy: "virtual", of: ["refresh", "calendar", "mail"] },
      },
    })
    const browser = new Browser()
    const context = browser.request()
    for (const userId of ["bob", "alice"]) {
      for (const type of ["refresh", "calendar", "mail"] as const) {
        await tokens.set(context, type, issuer.signIn(), { userId })
      }
      await tokens.set(context, "access", issuer.signIn(), { userId })
    }
    statements.length = 0
    return { tokens, browser }
  }

  const left = async () => {
    const { rows } = await embedded.query<{ user_id: string; type: string }>(
      "SELECT user_id, type FROM session_tokens ORDER BY user_id, type",
    )
    return rows.map(({ user_id, type }) => `${user_id} ${type}`)
  }
  const BOBS = ["bob calendar", "bob mail", "bob refresh"]

  test("is deleted in one statement, of this user alone", async () => {
    const { tokens, browser } = await scene()
    const { removed } = await tokens.deleteMany(browser.request(), ["access", "allRefresh"])
    expect([...removed].sort()).toEqual(["access", "calendar", "mail", "refresh"])
    expect(statements).toHaveLength(1)
    expect(await left()).toEqual(BOBS)
  })

  test("what is kept stays, and is not told to be removed", async () => {
    const { tokens, browser } = await scene()
    const { removed } = await tokens.deleteMany(browser.request(), ["allRefresh"], { keep: ["calendar"] })
    expect([...removed].sort()).toEqual(["mail", "refresh"])
    expect(statements).toHaveLength(1)
    expect(await left()).toEqual(["alice calendar", ...BOBS])
    expect(await tokens.get(browser.request(), "calendar")).toBeDefined()
  })

  test("a statement that fails has removed no row, and says so", async () => {
    const { tokens, browser } = await scene()
    await embedded.exec("ALTER TABLE session_tokens RENAME TO elsewhere")
    await expect(tokens.deleteMany(browser.request(), ["access", "allRefresh"])).rejects.toMatchObject({
      code: "ERR_DELETION_INCOMPLETE",
      removed: ["access"],
      remaining: ["refresh", "calendar", "mail"],
    })
    await embedded.exec("ALTER TABLE elsewhere RENAME TO session_tokens")
    expect(await left()).toEqual(["alice calendar", "alice mail", "alice refresh", ...BOBS])
  })
})
