import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setImmediate as turn } from "node:timers/promises"
import { CachedTokenSource } from "evertoken"
import { encrypted, EncryptionKey, keyIdOf, Keyring } from "evertoken/encryption"
import { FileTokenCache } from "evertoken/file"
import { afterEach, beforeEach, expect, test } from "vitest"
import { RotatingSource } from "./rotating-source.js"

const USERS = ["alice", "bob"]
const PROCESSES = 3

let directory = ""
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-rotation-"))
})
afterEach(() => rm(directory, { recursive: true }))

const newKey = () => EncryptionKey.from(randomBytes(32))

/** A process, with a keyring and caches of its own, that reads from the store and renews for as long as it lives. */
class Process {
  readonly keyring: Keyring
  readonly cache
  reads = 0
  readonly failures: unknown[] = []
  readonly #sources: readonly CachedTokenSource[]
  readonly #running: Promise<unknown>
  #isOver = false

  constructor(key: EncryptionKey, issuers: readonly RotatingSource[]) {
    this.keyring = new Keyring([key])
    this.cache = encrypted(new FileTokenCache({ directory }), this.keyring)
    this.#sources = issuers.map(
      (issuer, at) => new CachedTokenSource(issuer, { key: USERS[at], caches: [this.cache], minimumIntervalMs: 0 }),
    )
    this.#running = Promise.all(this.#sources.map((source) => this.#load(source)))
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
    for (const source of this.#sources) await source.close()
    await this.cache.close()
  }

  async #load(source: CachedTokenSource): Promise<void> {
    while (!this.#isOver) {
      try {
        const token = await source.getToken()
        await this.cache.get(source.key)
        await source.getToken({ newerThan: token })
      } catch (error) {
        this.failures.push(error)
      }
      this.reads += 3
    }
  }
}

/** Each process changes its keyring when it comes to it, in the middle of the load. */
async function rollOut(processes: readonly Process[], ...keys: readonly EncryptionKey[]): Promise<void> {
  for (const each of processes) {
    const { reads } = each
    while (each.reads < reads + 12) await turn()
    each.keyring.use(keys)
  }
}

test("a key is replaced under load, step by step in every process, and no read fails", async () => {
  const issuers = USERS.map((user) => new RotatingSource(user))
  const [old, next] = [newKey(), newKey()]
  const processes = Array.from({ length: PROCESSES }, () => new Process(old, issuers))
  await rollOut(processes, old, next)
  await rollOut(processes, next, old)
  const [first] = processes
  for (const user of USERS) while (!(await first?.cache.reencrypt(user))) await turn()
  await rollOut(processes, next)
  await rollOut(processes, next)
  await Promise.all(processes.map((each) => each.end()))

  expect(processes.flatMap(({ failures }) => failures)).toEqual([])
  for (const { reads } of processes) expect(reads).toBeGreaterThan(50)
  for (const issuer of issuers) expect(issuer.refused).toBe(0)
  const store = new FileTokenCache({ directory })
  for (const user of USERS) expect(keyIdOf((await store.get(user)) ?? fail())).toBe(next.id)
})

test("who makes a key the first one before all have it is told by those who do not", async () => {
  const issuers = USERS.map((user) => new RotatingSource(user))
  const [old, next] = [newKey(), newKey()]
  const processes = [new Process(old, issuers), new Process(old, issuers)]
  await rollOut(processes.slice(1), next, old)
  // it reads on, and comes to what the other has written since
  while (processes[0]?.failures.length === 0) await turn()
  await Promise.all(processes.map((each) => each.end()))
  expect(processes[0]?.failures[0]).toMatchObject({
    code: "ERR_TOKEN_CACHE",
    message: expect.stringContaining(`encrypted with the key ${next.id}, and the keyring has ${old.id}`) as unknown,
  })
  expect(processes[1]?.failures).toEqual([])
  for (const issuer of issuers) expect(issuer.refused).toBe(0)
})

function fail(): never {
  throw new Error("nothing is stored")
}
