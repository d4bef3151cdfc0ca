import { setTimeout as wait } from "node:timers/promises"
import { inspect } from "node:util"
import { CachedTokenSource, tokenSourceFrom, type Token } from "evertoken"
import type { PostgresTokenCache } from "evertoken/postgres"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { PostgresScene } from "./postgres-scene.js"
import { recordOf, versionOf } from "./records.js"

const programs = providePostgres()
const SUBJECT = { what: "0123456789abcdef", singleUse: true }

describe.skipIf(programs === undefined)("while PostgreSQL cannot be used", () => {
  let scene: PostgresScene
  let store: Awaited<ReturnType<PostgresScene["store"]>>
  beforeAll(async () => {
    scene = await PostgresScene.start(programs ?? "")
  })
  afterAll(() => scene[Symbol.asyncDispose]())
  beforeEach(async () => {
    store = await scene.store()
    onTestFinished(() => store.close())
  })

  // whatever has become of it
  afterEach(() => restart())

  async function filled(): Promise<PostgresTokenCache> {
    const cache = store.open({ pollMs: 100 })
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
    return cache
  }

  async function restart(settings?: Readonly<Record<string, string>>, options?: { readonly standby: boolean }) {
    await scene.server.kill()
    await scene.server.start(settings, options)
  }

  const reads = (cache: PostgresTokenCache) => outcomes([cache.get("key"), cache.claim("key", SUBJECT).look()])

  function writes(cache: PostgresTokenCache) {
    const claim = cache.claim("key", SUBJECT)
    const commit = cache.commit("key", recordOf(2), { expected: versionOf(1) })
    return outcomes([commit, cache.delete("key"), claim.take(1), claim.reject()])
  }

  async function outcomes(calls: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
    return Promise.all(calls.map((call) => call.catch((error: unknown) => error)))
  }

  test("everything says so in words of its own; once it is back the same cache goes on", async () => {
    const cache = await filled()
    await scene.server.kill()
    for (const outcome of [...(await reads(cache)), ...(await writes(cache))]) {
      expect(outcome).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
      expect(outcome).not.toHaveProperty("cause")
      expect(inspect(outcome, { depth: Infinity, showHidden: true })).not.toContain("canary")
    }
    await scene.server.start()
    expect((await cache.get("key"))?.version).toEqual(versionOf(1))
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
  })

  test("it was killed in the midst of a commit: to make it again is right, whatever became of it", async () => {
    const cache = await filled()
    for (const generation of [2, 3, 4, 5]) {
      const commit = () => cache.commit("key", recordOf(generation), { expected: versionOf(generation - 1) })
      const first = commit().catch(() => undefined)
      await wait(generation - 2)
      await scene.server.kill()
      await first
      await scene.server.start()
      expect(await commit()).toEqual({ committed: true })
      expect((await cache.get("key"))?.version).toEqual(versionOf(generation))
    }
  })

  test("a crash loses nothing that was acknowledged, though the server was told that it may", async () => {
    await restart({ synchronous_commit: "off", wal_writer_delay: "10000" })
    const cache = await filled()
    const claim = cache.claim("key", SUBJECT)
    await claim.take(1)
    await claim.markSent()
    await cache.claim("key", { ...SUBJECT, what: "refused" }).reject()
    await scene.server.kill()
    await scene.server.start()
    expect((await cache.get("key"))?.version).toEqual(versionOf(1))
    expect(await cache.claim("key", SUBJECT).look()).toMatchObject({ n: 1, sentAgoMs: expect.any(Number) as number })
    expect((await cache.claim("key", { ...SUBJECT, what: "refused" }).look()).rejected).toBe(true)
    await claim.release("own")
  })

  test.each([
    ["the database lets nobody write", () => restart({ default_transaction_read_only: "on" }), () => restart()],
    [
      "it is a standby, which is promoted later",
      () => restart({}, { standby: true }),
      () => scene.server.run("SELECT pg_promote()"),
    ],
  ] as const)("since %s, reads go on", async (_, begin, end) => {
    const cache = await filled()
    let told = 0
    const watching = cache.changes("key").subscribe(() => told++)
    await begin()
    expect(await reads(cache)).toMatchObject([{ version: versionOf(1) }, { n: 0, owner: "none" }])
    const refused = {
      code: "ERR_TOKEN_CACHE",
      transient: true,
      message: expect.stringContaining("read-only") as string,
    }
    for (const outcome of await writes(cache)) expect(outcome).toMatchObject(refused)
    await end()
    const before = told
    expect(await cache.commit("key", recordOf(2), { expected: versionOf(1) })).toEqual({ committed: true })
    while (told === before) await wait(10)
    watching.unsubscribe()
  })

  test("what watches is not told of errors, and of the next write once it listens again", async () => {
    const cache = await filled()
    const peer = store.open()
    let told = 0
    const watching = cache.changes("key").subscribe({ next: () => told++, error: () => (told = NaN) })
    await scene.untilListening(1)
    for (const end of ["terminated", "killed"]) {
      if (end === "terminated") await scene.terminateListeners()
      else {
        await scene.server.kill()
        await scene.server.start()
      }
      await scene.untilListening(1)
      const before = told
      await peer.delete("key")
      while (told === before) await wait(10)
    }
    expect(told).toBeGreaterThan(0)
    watching.unsubscribe()
    await scene.untilListening(0)
  })

  test("a server that hangs: what is in memory is served, nobody waits for long, and it is used again afterwards", async () => {
    let asked = 0
    const tokens = tokenSourceFrom(() => `token-${++asked}`, { lifetimeMs: 3_600_000 })
    const options = { caches: [store.open()], key: "key", storeTimeoutMs: 300, minimumIntervalMs: 0 }
    const source = new CachedTokenSource(tokens, options)
    const newer = (than: Token) => source.getToken({ newerThan: than, insist: true })
    const first = await source.getToken()
    await scene.server.pause()
    let newest: Token
    try {
      expect((await source.getToken()).accessToken).toBe("token-1")
      newest = await newer(first)
      expect(newest.accessToken).toBe("token-2")
    } finally {
      await scene.server.resume()
    }
    const peer = store.open()
    while ((await peer.get("key"))?.token?.accessToken !== newest.accessToken) newest = await newer(newest)
    await source.close()
  })
})
