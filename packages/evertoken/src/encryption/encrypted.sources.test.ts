import { randomBytes } from "node:crypto"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { CachedTokenSource } from "../cached-token-source.js"
import { systemClock } from "../clock.js"
import { DurableMemory } from "../testing/internal/durable-memory.js"
import { EventLog } from "../testing/internal/event-log.js"
import { ScriptedSource } from "../testing/internal/scripted-source.js"
import { StrictIssuer } from "../testing/internal/strict-issuer.js"
import type { CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import type { TokenSource } from "../token-source.js"
import { encrypted } from "./encrypted.js"
import { EncryptionKey } from "./encryption-key.js"
import { Keyring } from "./keyring.js"

const KEY = "key"
const [ours, theirs] = [EncryptionKey.from(randomBytes(32)), EncryptionKey.from(randomBytes(32))]

/** A store in which somebody may alter the record. */
class Store extends DurableMemory {
  /** The commits that were asked for. */
  commits = 0
  #altered: StoredToken | undefined

  async alter(change: (record: StoredToken) => Partial<StoredToken>): Promise<void> {
    const record = await this.get(KEY)
    if (record === undefined) throw new Error("nothing is stored")
    this.#altered = { ...record, ...change(record) }
  }

  override async get(key: string) {
    return this.#altered ?? (await super.get(key))
  }

  override async commit(key: string, record: StoredToken, options: CommitOptions) {
    this.commits++
    return super.commit(key, record, options)
  }

  override async delete(key: string) {
    this.#altered = undefined
    return super.delete(key)
  }
}

let log = new EventLog()
let issuer = new StrictIssuer(systemClock)
let store = new Store()
let keyring = new Keyring([ours])

beforeEach(() => {
  log = new EventLog()
  issuer = new StrictIssuer(systemClock, { latencyMs: 0 })
  store = new Store()
  keyring = new Keyring([ours])
})
afterEach(() => log.end())

const repeatable = () => new ScriptedSource(issuer)
const singleUse = (refreshToken: string) => new ScriptedSource(issuer, { refreshToken })

/** A process: what it knows is its own. */
function start(source: TokenSource, ...before: readonly TokenCache[]): CachedTokenSource {
  return new CachedTokenSource(source, { key: KEY, caches: [...before, encrypted(store, keyring)] })
}

const sealedAs = (change: (jwe: string) => string) =>
  store.alter(({ sealed }) => ({ sealed: { jwe: change(sealed?.jwe ?? "") } }))

/** Each makes the record one that is not taken, and says what the error tells of it. */
const MISHAPS: readonly (readonly [string, string, () => Promise<void>])[] = [
  [
    "whose key is not in the keyring",
    `the key ${ours.id}, and the keyring has ${theirs.id}`,
    async () => keyring.use([theirs]),
  ],
  ["that was altered", "was altered", () => sealedAs((jwe) => jwe.replace(/.{9}$/, "AAAAAAAAA"))],
  [
    "whose version was altered",
    "was altered",
    () => store.alter(({ version }) => ({ version: { ...version, generation: 9 } })),
  ],
  ["that is garbage", "no token that evertoken has encrypted", () => sealedAs(() => "garbage")],
  [
    "that is not encrypted",
    "say acceptPlaintext: true",
    async () => {
      const { token } = (await encrypted(store, keyring).get(KEY)) ?? {}
      await store.alter(() => ({ token, sealed: undefined }))
    },
  ],
]

describe.each(MISHAPS)("a record %s is never written over", (_, says, suffer) => {
  const failure = { code: "ERR_TOKEN_CACHE", transient: false, message: expect.stringContaining(says) as unknown }

  async function sufferAndWatch() {
    await suffer()
    const [record, { commits }] = [await store.get(KEY), store]
    return async () => {
      expect(await store.get(KEY)).toBe(record)
      expect(store.commits).toBe(commits)
      const reports = log.of("cache-failed")
      expect(reports[0]).toMatchObject({ cache: "memory", key: KEY, operation: "get", code: "ERR_TOKEN_CACHE" })
      for (const { detail } of reports) expect(detail).toContain(says)
    }
  }

  test("a running process of a repeatable source serves what it has, and renews into memory", async () => {
    const running = start(repeatable())
    const token = await running.getToken()
    const isUntouched = await sufferAndWatch()
    expect(await running.getToken()).toBe(token)
    const newer = await running.getToken({ newerThan: token })
    expect(newer.accessToken).not.toBe(token.accessToken)
    expect(await running.getToken()).toBe(newer)
    await isUntouched()
  })

  test("a fresh process of a repeatable source gets a token for itself", async () => {
    await start(repeatable()).getToken()
    const isUntouched = await sufferAndWatch()
    const fresh = start(repeatable())
    expect(await fresh.getToken()).toBe(await fresh.getToken())
    expect(issuer.requests).toHaveLength(2)
    await isUntouched()
  })

  test("a running process of a single-use source serves what it has, and spends nothing", async () => {
    const running = start(singleUse(issuer.signIn()))
    const token = await running.getToken()
    const isUntouched = await sufferAndWatch()
    expect(await running.getToken()).toBe(token)
    await expect(running.getToken({ newerThan: token })).rejects.toMatchObject(failure)
    expect(issuer.requests).toHaveLength(1)
    await isUntouched()
  })

  test("a fresh process of a single-use source is told what helps, and spends nothing", async () => {
    const refreshToken = issuer.signIn()
    await start(singleUse(refreshToken)).getToken()
    const isUntouched = await sufferAndWatch()
    const fresh = start(singleUse(refreshToken))
    await expect(fresh.getToken()).rejects.toMatchObject(failure)
    await expect(fresh.getToken()).rejects.toMatchObject(failure)
    expect(issuer.requests).toHaveLength(1)
    await isUntouched()
  })

  test("it is given up by delete", async () => {
    const running = start(repeatable())
    await running.getToken()
    await suffer()
    const cache = encrypted(store, keyring)
    await cache.delete(KEY)
    expect(await cache.get(KEY)).toMatchObject({ token: undefined })
    await start(repeatable()).getToken()
    expect((await cache.get(KEY))?.token?.accessToken).toBe("canary-access-3")
  })
})

test("once the key is there again, renewals are written again, and a single-use source goes on with what it had", async () => {
  for (const source of [repeatable(), singleUse(issuer.signIn())]) {
    const running = start(source)
    const token = await running.getToken()
    keyring.use([theirs])
    await running.getToken({ newerThan: token }).catch(() => undefined)
    keyring.use([theirs, ours])
    const newest = await running.getToken({ newerThan: await running.getToken(), insist: true })
    expect((await encrypted(store, keyring).get(KEY))?.token?.accessToken).toBe(newest.accessToken)
    await running.signOut()
  }
  expect(issuer.replayed).toEqual([])
})

test("a cache on the way that cannot be decrypted is reported and skipped, and stays as it is", async () => {
  const near = new DurableMemory()
  const foreign = encrypted(near, new Keyring([theirs]))
  await start(repeatable(), encrypted(near, keyring)).getToken()
  const record = await near.get(KEY)
  const token = await start(repeatable(), foreign).getToken()
  expect(token.accessToken).toBe("canary-access-1")
  expect(await near.get(KEY)).toBe(record)
  expect(issuer.requests).toHaveLength(1)
  const [report] = log.of("cache-failed")
  expect(report?.detail).toContain(`the token is encrypted with the key ${ours.id}`)
})
