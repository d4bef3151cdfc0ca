import { readFile } from "node:fs/promises"
import { PGlite } from "@electric-sql/pglite"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { createTable as createByKysely, kyselyTable } from "../kysely/kysely-table.js"
import { createTable, postgresTable } from "../postgres/postgres-table.js"
import { kyselyOver } from "../testing/kysely-over.js"
import { statementsOf } from "./token-table.js"

const embedded = new PGlite()
const kysely = kyselyOver(embedded)

// it takes its time on a busy machine
beforeAll(() => embedded.waitReady, 120_000)

afterAll(async () => {
  await kysely.destroy()
  await embedded.close()
})

beforeEach(async () => {
  await embedded.exec("DROP TABLE IF EXISTS session_tokens")
})

describe.each([
  { name: "postgresTable", create: () => createTable(embedded), table: () => postgresTable(embedded) },
  { name: "kyselyTable", create: () => createByKysely(kysely), table: () => kyselyTable(kysely) },
])("$name", ({ create, table }) => {
  async function scene() {
    await Promise.all([create(), create(), create()])
    const statements = statementsOf(table())
    return { statements, refresh: statements.rows("refresh"), calendar: statements.rows("calendar") }
  }

  test("a row is there once it was saved over nothing, for its user and type alone", async () => {
    const { refresh, calendar } = await scene()
    expect(await refresh.load("alice")).toBeUndefined()
    expect(await refresh.save("alice", "one", undefined)).toBe(true)
    expect(await refresh.save("alice", "two", undefined)).toBe(false)
    expect([await refresh.load("alice"), await refresh.load("bob"), await calendar.load("alice")]).toEqual([
      "one",
      undefined,
      undefined,
    ])
  })

  test("it is replaced if it is what was expected; of many at once one wins", async () => {
    const { refresh } = await scene()
    await refresh.save("alice", "one", undefined)
    const written = await Promise.all(Array.from({ length: 20 }, (_, i) => refresh.save("alice", `two-${i}`, "one")))
    expect(written.filter(Boolean)).toHaveLength(1)
    expect(await refresh.load("alice")).toBe(`two-${written.indexOf(true)}`)
    expect(await refresh.save("bob", "one", "none")).toBe(false)
  })

  test("it is removed once", async () => {
    const { refresh } = await scene()
    await refresh.save("alice", "one", undefined)
    expect([await refresh.remove("alice"), await refresh.remove("alice")]).toEqual([true, false])
  })

  test("many types of a user in one statement, which tells what there was", async () => {
    const { statements, refresh, calendar } = await scene()
    for (const rows of [refresh, calendar]) for (const user of ["alice", "bob"]) await rows.save(user, "one", undefined)
    const removed = await statements.removeMany("alice", ["refresh", "calendar", "mail"])
    expect([...removed].sort()).toEqual(["calendar", "refresh"])
    expect([await refresh.load("alice"), await refresh.load("bob")]).toEqual([undefined, "one"])
  })

  test("users with any name are told apart", async () => {
    const { refresh } = await scene()
    const users = ["a", "A", "a ", "'; DROP TABLE session_tokens; --", "ä", "🙂", "x".repeat(500)]
    for (const user of users) expect(await refresh.save(user, user, undefined)).toBe(true)
    for (const user of users) expect(await refresh.load(user)).toBe(user)
  })
})

test("a table of another name, in a schema", async () => {
  await embedded.exec("CREATE SCHEMA IF NOT EXISTS auth")
  await createTable(embedded, { table: "auth.tokens" })
  const rows = statementsOf(postgresTable(embedded, { table: "auth.tokens" })).rows("refresh")
  expect(await rows.save("alice", "one", undefined)).toBe(true)
  const { rows: found } = await embedded.query("SELECT value FROM auth.tokens")
  expect(found).toEqual([{ value: "one" }])
})

test("the migration that docs/session-database.md shows makes the table that createTable makes", async () => {
  const page = await readFile(new URL("../../../../docs/session-database.md", import.meta.url), "utf8")
  const [, migration = ""] = /```sql\n(.*?)```/s.exec(page) ?? []
  const described = async () => {
    const columns = await embedded.query(
      `SELECT column_name, data_type, collation_name, is_nullable, column_default FROM information_schema.columns
       WHERE table_name = 'session_tokens' ORDER BY ordinal_position`,
    )
    const indexes = await embedded.query("SELECT indexdef FROM pg_indexes WHERE tablename = 'session_tokens'")
    return [columns.rows, indexes.rows]
  }
  await embedded.exec(migration)
  const shown = await described()
  await embedded.exec("DROP TABLE session_tokens")
  await createTable(embedded)
  expect(shown).toEqual(await described())
  expect(shown.map((rows) => rows.length)).toEqual([4, 1])
})

test("a transaction is refused: what it rolls back is a refresh token that the issuer has taken", async () => {
  await kysely.transaction().execute(async (transaction) => {
    await createByKysely(transaction)
    expect(() => kyselyTable(transaction)).toThrow("db must be a Kysely, and no Transaction")
  })
})

test("a name that is none, and a connection that is none, are told", () => {
  for (const table of ["", "a.b.c", 'a"b', "1a", "a b"]) {
    expect(() => postgresTable(embedded, { table }), table).toThrow(/^table must be a name/)
  }
  // @ts-expect-error -- as from JavaScript
  expect(() => postgresTable({})).toThrow("connection must be a Pool of pg, or a PGlite")
  // @ts-expect-error -- as from JavaScript
  expect(() => kyselyTable({})).toThrow("db must be a Kysely")
})
