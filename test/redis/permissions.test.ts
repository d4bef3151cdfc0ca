import { readFile } from "node:fs/promises"
import { onTokenEvent, type TokenEvents } from "evertoken"
import { RedisTokenCache } from "evertoken/redis"
import { Redis } from "ioredis"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { provideRedis, RedisServer } from "../servers/redis-server.js"
import { commit } from "./records.js"
import { CLIENTS } from "./redis-clients.js"

const program = provideRedis()
const PASSWORD = "canary-redis-password"

/** The permissions of the user, as the documentation tells them. */
async function permissions(): Promise<readonly string[]> {
  const page = await readFile(new URL("../../docs/stores.md", import.meta.url), "utf8")
  const [, section = ""] = /A user of its own needs([^]*?)\n\n/.exec(page) ?? []
  const quoted = [...section.matchAll(/`([^`]+)`/g)].flatMap(([, words = ""]) => words.split(/\s+/))
  return quoted.map((word) => (/^[~&]/.test(word) ? word : `+${word}`))
}

const clients = Object.entries(CLIENTS).filter(([name]) => !name.includes("prefix"))

describe.skipIf(program === undefined).each(clients)("a user of its own, with %s", (_name, open) => {
  let server: RedisServer
  let admin: Redis
  let failures: TokenEvents["cache-failed"][]
  let stopListening: () => void
  const closing: (() => Promise<void>)[] = []
  beforeAll(async () => {
    server = await RedisServer.start(program ?? "")
    admin = new Redis(server.port)
  })
  beforeEach(async () => {
    await admin.flushall()
    failures = []
    stopListening = onTokenEvent("cache-failed", (event) => failures.push(event))
  })
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
    stopListening()
  })
  afterAll(async () => {
    admin.disconnect()
    await server[Symbol.asyncDispose]()
  })

  async function connectAs(rules: readonly string[]): Promise<RedisTokenCache> {
    await admin.call("ACL", "SETUSER", "tokens", "reset", "on", `>${PASSWORD}`, ...rules)
    const client = await open(server.url.replace("//", `//tokens:${PASSWORD}@`))
    const cache = new RedisTokenCache(client.client, { pollMs: 50 })
    closing.push(async () => {
      await cache.close()
      client.close()
    })
    return cache
  }

  test("needs no more than the documentation says", async () => {
    const cache = await connectAs(await permissions())
    let told = 0
    cache.changes("key").subscribe(() => told++)
    expect(await commit(cache, 1)).toEqual({ committed: true })
    await expect.poll(() => told).toBe(1)
    const claim = cache.claim("key", { what: "0123456789abcdef", singleUse: true })
    expect(await claim.take(1)).toBe(true)
    await claim.markSent()
    expect(await claim.isHeld()).toBe(true)
    await claim.abandon()
    await claim.reject()
    expect(await claim.look()).toMatchObject({ n: 1, owner: "gone", rejected: true })
    await cache.delete("key")
    expect(failures).toEqual([])
  })

  test("that may not listen sees what is new all the same, and is told why it is slower", async () => {
    const rules = (await permissions()).filter((rule) => !rule.startsWith("&"))
    const cache = await connectAs(rules)
    let told = 0
    cache.changes("key").subscribe(() => told++)
    expect(await commit(cache, 1)).toEqual({ committed: true })
    await expect.poll(() => told).toBe(1)
    await expect
      .poll(() => failures)
      .toMatchObject([{ operation: "subscribe", detail: expect.stringContaining("NOPERM") as string }])
  })

  test("that may do too little is told so, without its password", async () => {
    const cache = await connectAs(["~evertoken:*", "+eval", "+evalsha", "+info"])
    const failure: unknown = await cache.get("key").catch((error: unknown) => error)
    expect(String(failure)).toContain("NOPERM, its user is not permitted to do this")
    expect(String(failure)).not.toContain(PASSWORD)
  })
})
