import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { PostgresScene } from "./postgres-scene.js"

const run = promisify(execFile)
const programs = providePostgres()

describe.skipIf(programs === undefined)("a program with a token in PostgreSQL", () => {
  let scene: PostgresScene
  beforeAll(async () => {
    scene = await PostgresScene.start(programs ?? "")
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  /** A process that does not exit by itself is killed, and fails the test. */
  async function program(poolOptions: string, end: string) {
    const { table } = await scene.store()
    const text = `
      import pg from "pg"
      import { CachedTokenSource, TokenWatcher, tokenSourceFrom } from "evertoken"
      import { PostgresTokenCache } from "evertoken/postgres"
      const pool = new pg.Pool({ host: "127.0.0.1", user: "postgres", port: ${scene.server.port}, ${poolOptions} })
      const cache = new PostgresTokenCache(pool, { table: "${table}", pollMs: 50 })
      const tokens = tokenSourceFrom(() => "a-token", { lifetimeMs: 3_600_000 })
      const watcher = await TokenWatcher.start(new CachedTokenSource(tokens, { caches: [cache], key: "key" }))
      console.log(watcher.current().tokenType)
      ${end}
    `
    const options = { cwd: import.meta.dirname, timeout: 60_000, killSignal: "SIGKILL" as const }
    return run(process.execPath, ["--input-type=module", "-e", text], options)
  }

  test.each([
    ["that closes what it has opened", "", "await watcher.close(); await cache.close(); await pool.end()"],
    ["that closes its watcher and leaves the cache", "", "await watcher.close(); await pool.end()"],
    ["that ends the pool before all, and lives a little longer", "", "setTimeout(() => {}, 2_000); await pool.end()"],
    ["that just ends, if its pool lets it", "allowExitOnIdle: true", ""],
  ])("%s, exits by itself", async (_, poolOptions, end) => {
    expect(await program(poolOptions, end)).toEqual({ stdout: "Bearer\n", stderr: "" })
  })
})
