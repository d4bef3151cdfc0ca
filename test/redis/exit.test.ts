import { execFile } from "node:child_process"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, test } from "vitest"
import { provideRedis, RedisServer } from "../servers/redis-server.js"

const program = provideRedis()
const run = promisify(execFile)
const HERE = dirname(fileURLToPath(import.meta.url))

const CONNECT = {
  ioredis: `
    import { Redis } from "ioredis"
    const client = new Redis(process.env.REDIS)
    const end = () => client.quit()
  `,
  "node-redis": `
    import { createClient } from "redis"
    const client = createClient({ url: process.env.REDIS })
    await client.connect()
    const end = () => client.close()
  `,
}

const WATCH = `
    import { CachedTokenSource, TokenWatcher, tokenSourceFrom } from "evertoken"
    import { RedisTokenCache } from "evertoken/redis"
    const source = tokenSourceFrom(() => "a-token", { name: "demo", lifetimeMs: 3_600_000 })
    const cache = new RedisTokenCache(client)
    const watcher = await TokenWatcher.start(new CachedTokenSource(source, { caches: [cache] }))
    console.log(watcher.current().accessToken)
`

describe.skipIf(program === undefined).each(Object.entries(CONNECT))("a program with %s", (_name, connect) => {
  test.each([
    ["closes its watcher, and then its client", "await watcher.close(); await end()"],
    ["closes its cache, and then its client", "await cache.close(); await end()"],
    ["only closes its client", "await end()"],
  ])("that %s exits by itself", async (_how, ending) => {
    await using server = await RedisServer.start(program ?? "")
    // a process that does not exit by itself is killed, and fails the test
    const options = { cwd: HERE, env: { ...process.env, REDIS: server.url }, timeout: 60_000 }
    const text = `${connect}${WATCH}${ending}`
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", text], options)
    expect([stdout, stderr]).toEqual(["a-token\n", ""])
  })
})
