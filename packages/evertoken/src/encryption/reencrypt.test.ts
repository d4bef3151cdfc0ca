import { randomBytes } from "node:crypto"
import { beforeEach, expect, test } from "vitest"
import { CachedTokenSource } from "../cached-token-source.js"
import { systemClock } from "../clock.js"
import { TokenError } from "../errors.js"
import { onTokenEvent } from "../events.js"
import { Deferred } from "../testing/internal/deferred.js"
import { DurableMemory } from "../testing/internal/durable-memory.js"
import { ScriptedSource } from "../testing/internal/scripted-source.js"
import { StrictIssuer } from "../testing/internal/strict-issuer.js"
import { hashOf, type TokenRequest, type TokenSource } from "../token-source.js"
import type { Claim, ClaimSubject, CommitOptions, StoredToken } from "../token-cache.js"
import { encrypted } from "./encrypted.js"
import { EncryptionKey } from "./encryption-key.js"
import { Keyring } from "./keyring.js"
import { keyIdOf } from "./sealed-record.js"

const KEY = "key"
const [before, after] = [EncryptionKey.from(randomBytes(32)), EncryptionKey.from(randomBytes(32))]

/** A store whose next write can be held. */
class Store extends DurableMemory {
  beforeCommit: (() => Promise<unknown>) | undefined
  releaseFails = false
  beforeClaim: (() => void) | undefined
  /** What another process has put back here. */
  putBack: StoredToken | undefined

  override async get(key: string) {
    return this.putBack ?? (await super.get(key))
  }

  override async commit(key: string, record: StoredToken, options: CommitOptions) {
    const wait = this.beforeCommit
    this.beforeCommit = undefined
    await wait?.()
    return super.commit(key, record, options)
  }

  override claim(key: string, subject: ClaimSubject): Claim {
    this.beforeClaim?.()
    const claim = super.claim(key, subject)
    if (!this.releaseFails) return claim
    const release = () => Promise.reject(new TokenError("ERR_TOKEN_CACHE", "away", { transient: true }))
    return Object.assign(claim, { release })
  }
}

/** Does something before each request. */
class ObservedSource implements TokenSource {
  readonly fingerprint: string
  readonly singleUse: boolean
  readonly lineage: string | undefined
  beforeRequest: (() => Promise<unknown>) | undefined
  readonly #source: ScriptedSource

  constructor(source: ScriptedSource) {
    this.fingerprint = source.fingerprint
    this.singleUse = source.singleUse
    this.lineage = source.lineage
    this.#source = source
  }

  async getToken(request?: TokenRequest) {
    await this.beforeRequest?.()
    return this.#source.getToken(request)
  }
}

let issuer = new StrictIssuer(systemClock)
let store = new Store()
let keyring = new Keyring([before])
let cache = encrypted(store, keyring)

beforeEach(() => {
  issuer = new StrictIssuer(systemClock, { latencyMs: 0 })
  store = new Store()
  keyring = new Keyring([before])
  cache = encrypted(store, keyring)
})

const start = (source: TokenSource) =>
  new CachedTokenSource(source, { key: KEY, caches: [cache], minimumIntervalMs: 0 })
async function keyOfRecord() {
  const record = await store.get(KEY)
  return record && keyIdOf(record)
}
const refreshTokenThere = async () => (await cache.get(KEY))?.token?.refreshToken
const claimOn = (refreshToken: string | undefined) =>
  store.claim(KEY, { what: hashOf(refreshToken ?? ""), singleUse: true })

test("a token is encrypted with the first key, and goes on being renewed by all who share it", async () => {
  const source = new ScriptedSource(issuer, { refreshToken: issuer.signIn() })
  const [running, another] = [start(source), start(source)]
  const token = await running.getToken()
  expect((await another.getToken()).accessToken).toBe(token.accessToken)
  keyring.use([after, before])
  expect(await cache.reencrypt(KEY)).toBe(true)
  expect(await keyOfRecord()).toBe(after.id)
  expect(await cache.get(KEY)).toMatchObject({ version: { generation: 2 }, token: { accessToken: token.accessToken } })
  keyring.use([after])
  await another.getToken({ newerThan: token })
  await running.getToken({ newerThan: await running.getToken() })
  expect(issuer.replayed).toEqual([])
  expect(issuer.isLive(await refreshTokenThere())).toBe(true)
})

test("what is encrypted with the first key already, is not there, or was signed out, is left as it is", async () => {
  expect(await cache.reencrypt(KEY)).toBe(true)
  expect(await store.get(KEY)).toBeUndefined()
  await start(new ScriptedSource(issuer)).getToken()
  const record = await store.get(KEY)
  expect(await cache.reencrypt(KEY)).toBe(true)
  expect(await store.get(KEY)).toBe(record)
  await cache.delete(KEY)
  const mark = await store.get(KEY)
  keyring.use([after])
  expect(await cache.reencrypt(KEY)).toBe(true)
  expect(await store.get(KEY)).toBe(mark)
})

test("a token that is being renewed is left alone, and what comes of that is not lost", async () => {
  const source = new ObservedSource(new ScriptedSource(issuer, { refreshToken: issuer.signIn() }))
  const running = start(source)
  const token = await running.getToken()
  keyring.use([after, before])
  const results: boolean[] = []
  source.beforeRequest = async () => results.push(await cache.reencrypt(KEY))
  await running.getToken({ newerThan: token })
  expect(results).toEqual([false])
  expect(await keyOfRecord()).toBe(after.id)
  expect(issuer.isLive(await refreshTokenThere())).toBe(true)
})

test("a renewal waits for it, and goes on with what it wrote", async () => {
  const running = start(new ScriptedSource(issuer, { refreshToken: issuer.signIn() }))
  const token = await running.getToken()
  keyring.use([after, before])
  const renewals: Promise<unknown>[] = []
  store.beforeCommit = async () => {
    const waiting = new Deferred<undefined>()
    const end = onTokenEvent("waiting", () => waiting.resolve(undefined))
    renewals.push(running.getToken({ newerThan: token }))
    await waiting.promise
    end()
  }
  expect(await cache.reencrypt(KEY)).toBe(true)
  await Promise.all(renewals)
  expect(issuer.requests).toHaveLength(2)
  expect(issuer.replayed).toEqual([])
  expect((await cache.get(KEY))?.version.generation).toBe(3)
  expect(issuer.isLive(await refreshTokenThere())).toBe(true)
})

test("what somebody wrote meanwhile stays", async () => {
  await start(new ScriptedSource(issuer)).getToken()
  keyring.use([after, before])
  store.beforeCommit = () => store.delete(KEY)
  expect(await cache.reencrypt(KEY)).toBe(false)
  expect(await cache.get(KEY)).toMatchObject({ token: undefined })
})

test("what the store has lost meanwhile and was given back is still known for that: its claims are lost, too", async () => {
  await start(new ScriptedSource(issuer, { refreshToken: issuer.signIn() })).getToken()
  const record = await cache.get(KEY)
  if (record === undefined) throw new Error("nothing is stored")
  const refilled = new Store()
  await encrypted(refilled, keyring).commit(KEY, { ...record, restoredAt: 1_000 }, { expected: undefined })
  const putBack = await refilled.get(KEY)
  store.beforeClaim = () => (store.putBack = putBack)
  keyring.use([after, before])
  expect(await cache.reencrypt(KEY)).toBe(true)
  store.putBack = undefined
  expect(await cache.get(KEY)).toMatchObject({ version: { generation: 2 }, restoredAt: 1_000 })
})

test("nothing is written if another record is there by the time the claim is taken", async () => {
  const source = start(new ScriptedSource(issuer, { refreshToken: issuer.signIn() }))
  await source.getToken()
  const other = { ...(await cache.get(KEY)), version: { lineage: "other", generation: 1, id: "other" } }
  const elsewhere = new Store()
  await encrypted(elsewhere, keyring).commit(
    KEY,
    { lineages: [], fingerprint: undefined, ...other },
    { expected: undefined },
  )
  const putBack = await elsewhere.get(KEY)
  store.beforeClaim = () => (store.putBack = putBack)
  keyring.use([after, before])
  expect(await cache.reencrypt(KEY)).toBe(false)
  expect(await keyOfRecord()).toBe(before.id)
})

test("a token of whose last renewal nobody knows the outcome is left to who looks into that", async () => {
  await start(new ScriptedSource(issuer, { refreshToken: issuer.signIn() })).getToken()
  const claim = claimOn(await refreshTokenThere())
  await claim.take(1)
  await claim.markSent()
  await claim.abandon()
  keyring.use([after, before])
  expect(await cache.reencrypt(KEY)).toBe(false)
  expect(await keyOfRecord()).toBe(before.id)
})

test("it leaves no claim behind, and where it cannot, that of a dead owner", async () => {
  const refreshToken = issuer.signIn()
  const token = await start(new ScriptedSource(issuer, { refreshToken })).getToken()
  for (const releaseFails of [false, true]) {
    store.releaseFails = releaseFails
    keyring.use([...(releaseFails ? [before, after] : [after, before])])
    expect(await cache.reencrypt(KEY)).toBe(true)
    store.releaseFails = false
    expect(await claimOn(token.refreshToken).look()).toMatchObject({ owner: releaseFails ? "gone" : "none" })
  }
  const another = start(new ScriptedSource(issuer, { refreshToken }))
  await another.getToken({ newerThan: await another.getToken() })
  expect(issuer.replayed).toEqual([])
})

test("a token that was taken over unencrypted is encrypted", async () => {
  await new CachedTokenSource(new ScriptedSource(issuer), { key: KEY, caches: [store] }).getToken()
  expect(await encrypted(store, keyring, { acceptPlaintext: true }).reencrypt(KEY)).toBe(true)
  expect((await cache.get(KEY))?.token?.accessToken).toBe("canary-access-1")
})

test("a token that cannot be decrypted is told of, and stays", async () => {
  await start(new ScriptedSource(issuer)).getToken()
  const record = await store.get(KEY)
  keyring.use([after])
  await expect(cache.reencrypt(KEY)).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
  expect(await store.get(KEY)).toBe(record)
})

test("without claims it is refused", async () => {
  await start(new ScriptedSource(issuer)).getToken()
  keyring.use([after, before])
  const { name, durable } = store
  const bare = {
    name,
    durable,
    get: (key: string) => store.get(key),
    commit: (key: string, record: StoredToken, options: CommitOptions) => store.commit(key, record, options),
    delete: (key: string) => store.delete(key),
  }
  await expect(encrypted(bare, keyring).reencrypt(KEY)).rejects.toThrow(
    "memory: without claims nobody can tell whether the token is being renewed",
  )
  expect(await keyOfRecord()).toBe(before.id)
})
