import { expect, test } from "vitest"
import type { PostgresQuery } from "./postgres-connection.js"
import { PostgresDatabase } from "./postgres-database.js"

const undone = (code: string) => Object.assign(new Error("could not serialize access"), { code })

function failing(...errors: readonly Error[]) {
  const asked: PostgresQuery[] = []
  const query = async (statement: PostgresQuery) => {
    const error = errors[asked.length]
    asked.push(statement)
    if (error !== undefined) throw error
    return { rows: [{ answer: 1 }] }
  }
  return { asked, database: new PostgresDatabase({ query, connect: () => Promise.reject(new Error("unused")) }) }
}

test("a statement that was undone for the sake of another is done again", async () => {
  const { asked, database } = failing(undone("40001"), undone("40P01"))
  expect(await database.query("write", "SELECT $1", ["value"])).toEqual([{ answer: 1 }])
  expect(asked).toHaveLength(3)
})

test("a statement that is undone without end is an error in the end", async () => {
  const { asked, database } = failing(...Array.from({ length: 100 }, () => undone("40001")))
  await expect(database.query("write", "SELECT 1")).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
  expect(asked).toHaveLength(20)
})

test("what failed for another reason is not done again", async () => {
  const { asked, database } = failing(new Error("Connection terminated unexpectedly"))
  await expect(database.query("write", "SELECT 1")).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE" })
  expect(asked).toHaveLength(1)
})

test("a server that hangs has so long to answer, and then its connection is given up", async () => {
  const { asked, database } = failing()
  await database.query("read", "SELECT 1")
  expect(asked).toEqual([{ text: "SELECT 1", values: [], query_timeout: 10_000 }])
})
