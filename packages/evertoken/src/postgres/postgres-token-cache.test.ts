import { PGlite } from "@electric-sql/pglite"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { onTokenEvent, type TokenEvents } from "../events.js"
import { LARGEST_RECORD_BYTES } from "../stored-record.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { hashOf } from "../token-source.js"
import { Token } from "../token.js"
import { PostgresDatabase } from "./postgres-database.js"
import { PostgresTokenCache, type PostgresTokenCacheOptions } from "./postgres-token-cache.js"
import { RecordTable } from "./record-table.js"
import { TableNames } from "./table-names.js"

const HOUR_MS = 3_600_000

let database: PGlite
beforeAll(() => void (database = new PGlite()))
afterAll(() => database.close())

let stores = 0

/** Tables of their own. */
async function open(options: PostgresTokenCacheOptions = {}) {
  const table = options.table ?? `store_${++stores}`
  await PostgresTokenCache.migrate(database, { table })
  const clock = new VirtualClock()
  const cache = new PostgresTokenCache(database, { clock, ...options, table })
  onTestFinished(() => cache.close())
  const run = async (text: string) => (await database.query<Record<string, unknown>>(text)).rows
  return { table, clock, cache, run }
}

const versionOf = (generation: number) => ({ lineage: "lineage", generation, id: `id-${generation}` })

function recordOf(generation: number, changes: Partial<StoredToken> = {}): StoredToken {
  const accessToken = `secret-access-${generation}`
  const times = { issuedAt: 1_000_000, staleAt: 2_000_000, expiresAt: 3_000_000 }
  const token = new Token({ accessToken, refreshToken: "secret-refresh", ...times })
  return { version: versionOf(generation), token, fingerprint: "f", lineages: [], ...changes }
}

function reports(): TokenEvents["cache-failed"][] {
  const heard: TokenEvents["cache-failed"][] = []
  onTestFinished(onTokenEvent("cache-failed", (event) => heard.push(event)))
  return heard
}

describe("what stands in the tables", () => {
  test("is one row for each key, with the record as JSON", async () => {
    const { cache, table, run } = await open()
    await cache.commit("billing", recordOf(1), { expected: undefined })
    await cache.commit("billing", recordOf(2), { expected: versionOf(1) })
    const rows = await run(`SELECT key, generation, record::jsonb -> 'version' ->> 'id' AS id FROM ${table}`)
    expect(rows).toEqual([{ key: "billing", generation: 2, id: "id-2" }])
  })

  test("has a readable key as it is, and the hash of another", async () => {
    const { cache, table, run } = await open()
    const keys = ["User 7/api", "caf\u00e9", "a\0b", `sha256-${hashOf("x")}`, "k".repeat(201)]
    for (const key of keys) await cache.commit(key, recordOf(1), { expected: undefined })
    const rows = (await run(`SELECT key FROM ${table}`)).map(({ key }) => key)
    expect(new Set(rows)).toEqual(new Set(["User 7/api", ...keys.slice(1).map((key) => `sha256-${hashOf(key)}`)]))
  })

  const LONG = Array.from({ length: 500 }, (_, i) => hashOf(`${i}`)).join("")
  test.each(["v5-a\0b", `v5-${LONG}`])("has claims on whatever somebody else's record is named, %#", async (what) => {
    const { cache } = await open()
    const claim = cache.claim("key", { what, singleUse: true })
    expect(await claim.take(1)).toBe(true)
    expect((await cache.claim("key", { what, singleUse: true }).look()).owner).toBe("alive")
  })

  test("is under the names that were asked for, whatever characters they have", async () => {
    const names = { schema: 'odd "schema', table: "it's; DROP TABLE x --" }
    for (const _ of [1, 2]) await PostgresTokenCache.migrate(database, names)
    const cache = new PostgresTokenCache(database, names)
    await cache.commit("key", recordOf(1), { expected: undefined })
    await cache.claim("key", { what: "what", singleUse: true }).take(1)
    expect((await cache.get("key"))?.version).toEqual(versionOf(1))
    await cache.close()
  })

  test("has nothing of a secret but in the record", async () => {
    const { cache, table, run } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    const claim = cache.claim("key", { what: hashOf("secret-refresh"), singleUse: true })
    await claim.take(1)
    await claim.markSent()
    await claim.reject()
    const rows = await run(
      `SELECT key, revision, generation::text, '' FROM ${table} UNION SELECT key, what, owner, n::text FROM ${table}_claims`,
    )
    expect(rows).toHaveLength(3)
    expect(JSON.stringify(rows)).not.toContain("secret")
  })
})

describe("the migration", () => {
  test("is told to be missing by every method", async () => {
    const cache = new PostgresTokenCache(database, { table: "nowhere" })
    const missing = { code: "ERR_TOKEN_CACHE", transient: false, message: expect.stringMatching(/migrate/) as string }
    const claim = cache.claim("key", { what: "what", singleUse: true })
    await expect(cache.get("key")).rejects.toMatchObject(missing)
    await expect(cache.commit("key", recordOf(1), { expected: undefined })).rejects.toMatchObject(missing)
    await expect(cache.delete("key")).rejects.toMatchObject(missing)
    for (const call of [claim.look(), claim.take(1), claim.reject()]) await expect(call).rejects.toMatchObject(missing)
  })

  test("leaves what is there, and tables of a newer version", async () => {
    const { cache, table, run } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    await run(`UPDATE ${table}_format SET format = 9`)
    await PostgresTokenCache.migrate(database, { table })
    expect((await cache.get("key"))?.version).toEqual(versionOf(1))
    expect(await run(`SELECT format FROM ${table}_format`)).toEqual([{ format: 9 }])
  })
})

describe("a record that cannot be read", () => {
  const SPOILS = [
    ["torn", "record = left(record, 40)", "is no JSON object"],
    ["of a newer version", `record = replace(record, '"evertoken": 1', '"evertoken": 2')`, "by a newer version"],
    ["far too large", `record = repeat('x', ${LARGEST_RECORD_BYTES + 1})`, "is far too large"],
  ] as const

  test.each(SPOILS)(
    "since it is %s is a miss that is told of once, and moved aside by the next",
    async (_, set, says) => {
      const { cache, table, run } = await open()
      await cache.commit("key", recordOf(7), { expected: undefined })
      await run(`UPDATE ${table} SET ${set}`)
      const [spoilt] = await run(`SELECT record FROM ${table}`)
      const heard = reports()
      for (const _ of [1, 2]) expect(await cache.get("key")).toBeUndefined()
      expect(heard).toMatchObject([{ cache: "postgres", key: "key", operation: "read", code: "ERR_TOKEN_CACHE" }])
      expect(heard[0]?.detail).toContain(says)
      expect(heard[0]?.detail).not.toContain("secret")

      expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
      expect((await cache.get("key"))?.version).toEqual({ ...versionOf(1), generation: 8 })
      expect(await run(`SELECT key, record FROM ${table}_aside`)).toEqual([{ key: "key", ...spoilt }])
    },
  )

  test("is moved aside by a sign-out, which counts on", async () => {
    const { cache, table, run } = await open()
    await cache.commit("key", recordOf(7), { expected: undefined })
    await run(`UPDATE ${table} SET record = 'torn'`)
    await cache.delete("key")
    expect((await cache.get("key"))?.version.generation).toBe(8)
    expect(await run(`SELECT record FROM ${table}_aside`)).toEqual([{ record: "torn" }])
  })

  test("that counts higher than anyone can have counted is left to a person", async () => {
    const { cache, table, run } = await open()
    await cache.commit("key", recordOf(1), { expected: undefined })
    await run(`UPDATE ${table} SET record = 'torn', generation = ${2 ** 52}`)
    const refusal = { code: "ERR_TOKEN_CACHE", transient: false }
    await expect(cache.commit("key", recordOf(1), { expected: undefined })).rejects.toMatchObject(refusal)
    await expect(cache.delete("key")).rejects.toMatchObject(refusal)
  })

  test("is not made: a token that nobody would read is refused", async () => {
    const { cache } = await open()
    const { token } = recordOf(1)
    const large = recordOf(1, { token: token?.with({ idToken: "x".repeat(LARGEST_RECORD_BYTES) }) })
    await expect(cache.commit("key", large, { expected: undefined })).rejects.toMatchObject({ transient: false })
    expect(await cache.get("key")).toBeUndefined()
  })
})

test("a commit whose answer was lost is no loss when it is made again", async () => {
  const { cache } = await open()
  for (const _ of [1, 2]) {
    expect(await cache.commit("key", recordOf(1), { expected: undefined })).toEqual({ committed: true })
  }
  expect(
    await cache.commit("key", recordOf(1, { version: { ...versionOf(1), id: "another" } }), { expected: undefined }),
  ).toMatchObject({ committed: false, current: { version: versionOf(1) } })
})

describe("what is swept by a commit of its key", () => {
  const claimsOf = (cache: PostgresTokenCache, what: string) => cache.claim("key", { what, singleUse: true })

  async function claimed(whats: readonly string[]) {
    const store = await open()
    for (const what of whats) {
      const claim = claimsOf(store.cache, what)
      await claim.take(1)
      await claim.markSent()
      await claim.abandon()
    }
    const numbers = () => Promise.all(whats.map(async (what) => (await claimsOf(store.cache, what).look()).n))
    return { ...store, numbers }
  }

  test("are claims of dead owners, after a day, but not on the refresh token that is spent next", async () => {
    const { cache, clock, numbers } = await claimed(["old", hashOf("secret-refresh")])
    await clock.advance(23 * HOUR_MS)
    await cache.commit("key", recordOf(1), { expected: undefined })
    expect(await numbers()).toEqual([1, 1])
    await clock.advance(2 * HOUR_MS)
    await cache.commit("another", recordOf(1), { expected: undefined })
    expect(await numbers()).toEqual([1, 1])
    await cache.commit("key", recordOf(2), { expected: versionOf(1) })
    expect(await numbers()).toEqual([0, 1])
  })

  test("are tombstones, after thirty days", async () => {
    const { cache, clock } = await open()
    await claimsOf(cache, "what").reject()
    const rejected = async () => (await claimsOf(cache, "what").look()).rejected
    await clock.advance(29 * 24 * HOUR_MS)
    await cache.commit("key", recordOf(1), { expected: undefined })
    expect(await rejected()).toBe(true)
    await clock.advance(2 * 24 * HOUR_MS)
    await cache.commit("key", recordOf(2), { expected: versionOf(1) })
    expect(await rejected()).toBe(false)
  })

  test("is nothing if the commit is refused", async () => {
    const { cache, clock, numbers } = await claimed(["old"])
    await cache.commit("key", recordOf(1), { expected: undefined })
    await clock.advance(25 * HOUR_MS)
    await cache.commit("key", recordOf(2), { expected: undefined })
    expect(await numbers()).toEqual([1])
  })
})

const timesOf = (record: StoredToken | undefined) => [record?.token?.issuedAt, record?.token?.expiresAt]

describe("hosts whose clocks differ", () => {
  const SERVER_NOW = Date.UTC(2026, 0, 1)

  /** The records as a host sees them, whose clock is so much ahead of the server's. */
  function hostAhead(aheadMs: number, table: string): RecordTable {
    const clock = new VirtualClock({ now: SERVER_NOW + aheadMs })
    const names = new TableNames({ table })
    return new RecordTable({ database: new PostgresDatabase(database), names, time: () => SERVER_NOW, clock })
  }

  test("read each other's records in their own time, and the same after a refused commit", async () => {
    const { table } = await open()
    const [fast, slow] = [hostAhead(600_000, table), hostAhead(-600_000, table)]
    await fast.commit("key", recordOf(1), undefined)
    expect((await fast.get("key"))?.token?.expiresAt).toBe(3_000_000)
    expect((await slow.get("key"))?.token?.expiresAt).toBe(1_800_000)
    const refused = await slow.commit("key", recordOf(2), undefined)
    expect(refused).toMatchObject({ current: { token: { expiresAt: 1_800_000 } } })
    await slow.commit("key", recordOf(2), versionOf(1))
    expect((await fast.get("key"))?.token?.expiresAt).toBe(4_200_000)
  })

  test("by less than a second read them as they were written", async () => {
    const { table } = await open()
    await hostAhead(0, table).commit("key", recordOf(1), undefined)
    expect(timesOf(await hostAhead(999, table).get("key"))).toEqual(timesOf(recordOf(1)))
  })
})

describe("by the server's own clock", () => {
  const subject = { what: "what", singleUse: true }

  test("a claim is alive for as long as its lease, and a mark as old as it is", async () => {
    const { table, run } = await open()
    const [cache, peer] = [new PostgresTokenCache(database, { table }), new PostgresTokenCache(database, { table })]
    const [mine, theirs] = [cache.claim("key", subject), peer.claim("key", subject)]
    await mine.take(1)
    await mine.markSent()
    expect(await theirs.look()).toMatchObject({ n: 1, owner: "alive", othersAlive: true })
    await run(
      `UPDATE ${table}_claims SET alive_until = alive_until - interval '31 s', sent_at = sent_at - interval '1 h'`,
    )
    const { owner, sentAgoMs = 0 } = await theirs.look()
    expect(owner).toBe("gone")
    expect(sentAgoMs).toBeGreaterThanOrEqual(HOUR_MS)
    // nobody took the next number meanwhile
    expect(await mine.isHeld()).toBe(true)
    expect(await theirs.look()).toMatchObject({ owner: "alive" })
    await mine.release("all")
  })

  test("a mark from the future was made nobody knows when: the clock was set back", async () => {
    const { table, run } = await open()
    const claim = new PostgresTokenCache(database, { table }).claim("key", subject)
    await claim.take(1)
    await claim.markSent()
    await run(`UPDATE ${table}_claims SET sent_at = sent_at + interval '1 h'`)
    expect((await claim.look()).sentAgoMs).toBe(Infinity)
    await claim.release("all")
  })
})
