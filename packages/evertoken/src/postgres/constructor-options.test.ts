import { expect, test } from "vitest"
import { PostgresTokenCache, type PostgresTokenCacheOptions } from "./postgres-token-cache.js"

const query = () => Promise.resolve({ rows: [] })
const pool = { query, connect: () => Promise.reject(new Error("unused")) }

test.each<[unknown, RegExp]>([
  [{ schema: "" }, /^schema must be a name of 1 to 63 bytes/],
  [{ schema: 1 }, /^schema must be a name; got 1/],
  [{ table: "t".repeat(57) }, /^table must be a name of 1 to 56 bytes/],
  [{ table: "a\0b" }, /^table must be a name/],
  [{ listen: "yes" }, /^listen must be true, false, or a function/],
  [{ pollMs: 0 }, /^pollMs must be milliseconds/],
  [{ leaseMs: 10 }, /^leaseMs must be milliseconds/],
  [{ clock: {} }, /^clock must be an object/],
  [{ random: 4 }, /^random must be a function/],
  [{ shema: "tokens" }, /^shema is not an option of PostgresTokenCache: did you mean schema\?/],
  [null, /^options must be an object/],
])("options %j are refused by name", (options, message) => {
  const create = () => new PostgresTokenCache(pool, options as PostgresTokenCacheOptions)
  expect(create).toThrow(TypeError)
  expect(create).toThrow(message)
})

test.each([
  ["nothing", undefined],
  ["a connection string", "postgres://localhost"],
  ["an object without query", { connect: query }],
  ["a client, which does not reconnect", { query, connect: query, escapeIdentifier: (name: string) => name }],
])("%s is refused in the place of a pool", async (_, connection) => {
  const message = /^connection must be a Pool of pg, or a PGlite/
  expect(() => new PostgresTokenCache(connection as typeof pool)).toThrow(message)
  await expect(PostgresTokenCache.migrate(connection as typeof pool)).rejects.toThrow(message)
})

test("an option that the migration does not have is refused by name", async () => {
  const options = { tables: "tokens" } as object
  await expect(PostgresTokenCache.migrate(pool, options)).rejects.toThrow(/^tables is not an option .* mean table\?/)
})

test("a PGlite outlives the process only if it has a directory", () => {
  const embedded = { query, listen: () => Promise.reject(new Error("unused")) }
  const durable = (dataDir: string | undefined) =>
    new PostgresTokenCache({ ...embedded, ...(dataDir && { dataDir }) }).durable
  expect([undefined, "memory://", "./data", "idb://tokens"].map(durable)).toEqual([false, false, true, true])
  expect(new PostgresTokenCache(pool).durable).toBe(true)
})
