import fc from "fast-check"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { VirtualClock } from "evertoken/testing"
import { expect, test } from "vitest"
import { createTokenManager } from "../create-token-manager.js"
import { SessionError } from "../session-error.js"
import { Browser } from "../testing/browser.js"
import { MemoryTable } from "../testing/memory-table.js"
import { RotatingIssuer } from "../testing/rotating-issuer.js"

const USERS = ["alice", "bob"] as const
const TYPES = ["refresh", "calendar"] as const

/** Two users with two tokens each. */
async function scene() {
  const clock = new VirtualClock()
  const issuer = new RotatingIssuer(clock)
  const database = new MemoryTable()
  const { table } = database
  const tokens = createTokenManager({
    keyring: new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7))]),
    clock,
    types: {
      refresh: { strategy: "database", table, source: issuer.source },
      calendar: { strategy: "database", table, source: issuer.source },
    },
  })
  for (const userId of USERS) {
    for (const type of TYPES) await tokens.set(new Browser().request(userId), type, issuer.signIn())
  }
  return { tokens, database }
}

const place = fc.record({ userId: fc.constantFrom(...USERS), type: fc.constantFrom(...TYPES) })

/** What somebody with access to the database may put into a row. */
const change = fc.oneof(
  fc.record({ at: fc.nat(), code: fc.integer({ min: 32, max: 126 }) }).map(({ at, code }) => (row: string) => {
    const i = at % row.length
    return row.slice(0, i) + String.fromCharCode(code) + row.slice(i + 1)
  }),
  fc.nat().map((at) => (row: string) => row.slice(0, at % row.length)),
  fc.record({ at: fc.nat(), length: fc.integer({ min: 1, max: 200 }) }).map(({ at, length }) => (row: string) => {
    const i = at % row.length
    return row.slice(0, i) + row.slice(i + length)
  }),
  fc.string({ maxLength: 300 }).map((text) => () => text),
  fc.json({ maxDepth: 3 }).map((text) => () => text),
)

test("whatever is put into a row: it is the user's very token, none, or refused; and nothing else is touched", async () => {
  const { tokens, database } = await scene()
  await fc.assert(
    fc.asyncProperty(place, change, async ({ userId, type }, changed) => {
      const rows = new Map(database.rows)
      const own = await tokens.get(new Browser().request(userId), type)
      const altered = changed(rows.get(`${userId}/${type}`) ?? "")
      database.rows.set(`${userId}/${type}`, altered)
      const got = await tokens.get(new Browser().request(userId), type).catch((error: unknown) => error)
      if (got instanceof SessionError) expect(got.code).toBe("ERR_ROW_REFUSED")
      else if (got !== undefined) expect(got).toMatchObject({ accessToken: own?.accessToken })
      expect(database.rows.get(`${userId}/${type}`)).toBe(altered)
      for (const [name, row] of rows) database.rows.set(name, row)
    }),
    { numRuns: 2_000 },
  )
}, 120_000)

test("a row in the place of another user's or type's is refused, always", async () => {
  const { tokens, database } = await scene()
  const places = USERS.flatMap((userId) => TYPES.map((type) => ({ userId, type })))
  for (const from of places) {
    for (const to of places.filter((other) => other !== from)) {
      const rows = new Map(database.rows)
      database.rows.set(`${to.userId}/${to.type}`, rows.get(`${from.userId}/${from.type}`) ?? "")
      const got = tokens.get(new Browser().request(to.userId), to.type)
      await expect(got).rejects.toMatchObject({ code: "ERR_ROW_REFUSED" })
      for (const [name, row] of rows) database.rows.set(name, row)
    }
  }
})
