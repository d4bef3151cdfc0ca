import { PostgresTokenCache } from "evertoken/postgres"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { PostgresScene } from "./postgres-scene.js"
import { recordOf, versionOf } from "./records.js"

const programs = providePostgres()

describe.skipIf(programs === undefined)("the tables in PostgreSQL", () => {
  let scene: PostgresScene
  beforeAll(async () => {
    scene = await PostgresScene.start(programs ?? "")
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  test("are made once by many processes that come at once, in a schema that is not there yet", async () => {
    const names = { schema: "of_tokens", table: "shared" }
    const store = await scene.store()
    const pools = Array.from({ length: 8 }, () => store.pool({ max: 1 }))
    onTestFinished(async () => void (await Promise.all(pools.map((pool) => pool.end()))))
    await Promise.all(pools.map((pool) => PostgresTokenCache.migrate(pool, names)))
    expect(await scene.server.run("SELECT format FROM of_tokens.shared_format")).toEqual([{ format: 1 }])
    const caches = pools.map((pool) => new PostgresTokenCache(pool, names))
    const commits = await Promise.all(caches.map((cache) => cache.commit("key", recordOf(1), { expected: undefined })))
    expect(commits.every(({ committed }) => committed)).toBe(true)
  })

  test.each(["repeatable\\ read", "serializable"])(
    "are made once by many that come at once, under the names of each, where transactions are %s",
    async (isolation) => {
      const schema = `made_${isolation.slice(0, 6)}`
      const store = await scene.store()
      const options = `-c default_transaction_isolation=${isolation}`
      const pools = Array.from({ length: 8 }, () => store.pool({ max: 1, options }))
      onTestFinished(async () => void (await Promise.all(pools.map((pool) => pool.end()))))
      await Promise.all(pools.map((pool) => pool.query("SELECT")))
      const migrations = pools.map((pool, i) => PostgresTokenCache.migrate(pool, { schema, table: `shared_${i % 2}` }))
      await expect(Promise.all(migrations)).resolves.toHaveLength(8)
      for (const table of ["shared_0", "shared_1"]) {
        expect(await scene.server.run(`SELECT format FROM ${schema}.${table}_format`)).toEqual([{ format: 1 }])
      }
    },
  )

  test("serve a user with rights on them and nothing else, who may call the migration, too", async () => {
    const { server } = scene
    const store = await scene.store()
    const names = { table: store.table }
    const [tables] = await server.run(
      `SELECT string_agg(tablename, ', ') AS names FROM pg_tables WHERE starts_with(tablename, '${store.table}')`,
    )
    await server.run("CREATE ROLE application LOGIN")
    const pool = store.pool({ user: "application" })
    onTestFinished(() => pool.end())
    const cache = new PostgresTokenCache(pool, names)
    onTestFinished(() => cache.close())
    const denied = {
      code: "ERR_TOKEN_CACHE",
      transient: false,
      message: expect.stringMatching(/permission denied/) as string,
    }
    await expect(cache.get("key")).rejects.toMatchObject(denied)
    await expect(PostgresTokenCache.migrate(pool, names)).rejects.toMatchObject(denied)

    await server.run(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${String(tables?.["names"])} TO application`)
    await PostgresTokenCache.migrate(pool, names)
    await cache.commit("key", recordOf(1), { expected: undefined })
    await server.run(`UPDATE ${store.table} SET record = 'torn'`)
    await cache.commit("key", recordOf(2), { expected: undefined })
    expect((await cache.get("key"))?.version).toEqual(versionOf(2))
    const claim = cache.claim("key", { what: "what", singleUse: true })
    expect(await claim.take(1)).toBe(true)
    await claim.markSent()
    await claim.release("all")
  })

  test("are read by their primary key, however many tokens there are", async () => {
    const store = await scene.store()
    await scene.server.run(
      `INSERT INTO ${store.table} SELECT 'key-' || i, 'r', 1, 'x', 0, now() FROM generate_series(1, 10000) AS i`,
    )
    await scene.server.run(`ANALYZE ${store.table}`)
    const plans: string[] = []
    const pool = store.pool()
    onTestFinished(() => pool.end())
    const explaining = {
      query: async ({ text, values }: { readonly text: string; readonly values: unknown[] }) => {
        const { rows } = await pool.query<Record<string, string>>(`EXPLAIN ${text}`, values)
        plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"))
        return { rows: [] }
      },
      connect: () => Promise.reject(new Error("nobody listens")),
    }
    const cache = new PostgresTokenCache(explaining, { table: store.table })
    await cache.get("key-7")
    await cache.claim("key-7", { what: "what", singleUse: true }).look()
    expect(plans).toHaveLength(2)
    expect(plans[0]).toMatch(/Index Scan using .*_pkey/)
    for (const plan of plans) expect(plan).not.toMatch(/Seq Scan/)
  })
})
