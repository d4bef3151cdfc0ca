import { Observable } from "rxjs"
import { expect, test } from "vitest"
import { MemoryTokenCache } from "../memory-token-cache.js"
import type { Claim, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { tokenCacheContract, type TokenCacheContractOptions } from "./token-cache-contract.js"

/** Runs the contract and gives the titles of the promises broken, with the message of the first. */
async function broken(options: Partial<TokenCacheContractOptions> & { create: TokenCacheContractOptions["create"] }) {
  const cases: [string, () => Promise<void>][] = []
  tokenCacheContract({ durable: false, deadlineMs: 50, ...options, test: (title, run) => cases.push([title, run]) })
  const titles: string[] = []
  for (const [title, run] of cases) {
    try {
      await run()
    } catch {
      titles.push(title)
    }
  }
  return { titles, count: cases.length }
}

const alone = (make: () => TokenCache) => async () => {
  const cache = make()
  return { cache, peer: cache }
}

/** A memory cache whose claims are changed by `spoil`. */
function withClaims(spoil: (claim: Claim) => Partial<Claim>): () => TokenCache {
  return () => {
    const cache = new MemoryTokenCache()
    return Object.assign(cache, {
      claim(key: string, subject: Parameters<MemoryTokenCache["claim"]>[1]): Claim {
        const claim = MemoryTokenCache.prototype.claim.call(cache, key, subject)
        return { ...forwarding(claim), ...spoil(claim) }
      },
    })
  }
}

function forwarding(claim: Claim): Claim {
  return {
    look: () => claim.look(),
    take: (n) => claim.take(n),
    markSent: () => claim.markSent(),
    isHeld: () => claim.isHeld(),
    release: (extent) => claim.release(extent),
    abandon: () => claim.abandon(),
    reject: () => claim.reject(),
  }
}

class LastWriterWins extends MemoryTokenCache {
  readonly #records = new Map<string, StoredToken>()
  override async get(key: string) {
    return this.#records.get(key)
  }
  override async commit(key: string, record: StoredToken) {
    this.#records.set(key, record)
    return { committed: true as const }
  }
}

class ComparesGenerationsOnly extends MemoryTokenCache {
  override async commit(key: string, record: StoredToken, { expected }: CommitOptions) {
    const current = await this.get(key)
    const same = current?.version.generation === expected?.generation
    return super.commit(key, record, { expected: same ? current?.version : expected })
  }
}

class ForgetsWhoWon extends MemoryTokenCache {
  override async commit(key: string, record: StoredToken, options: CommitOptions) {
    const commit = await super.commit(key, record, options)
    return commit.committed ? commit : { committed: false as const, current: undefined }
  }
}

class LosesFields extends MemoryTokenCache {
  override async commit(key: string, record: StoredToken, options: CommitOptions) {
    return super.commit(key, { ...record, token: record.token?.with({ idToken: undefined }) }, options)
  }
}

class LosesTheEndOfRefreshTokens extends MemoryTokenCache {
  override async commit(key: string, record: StoredToken, options: CommitOptions) {
    return super.commit(key, { ...record, token: record.token?.with({ refreshTokenExpiresAt: undefined }) }, options)
  }
}

class RoundsTimes extends MemoryTokenCache {
  override async commit(key: string, record: StoredToken, options: CommitOptions) {
    const token = record.token?.with({ expiresAt: Math.round(record.token.expiresAt) })
    return super.commit(key, { ...record, token }, options)
  }
}

class SignsOutWithoutMark extends MemoryTokenCache {
  readonly #gone = new Set<string>()
  override async get(key: string) {
    return this.#gone.has(key) ? undefined : super.get(key)
  }
  override async delete(key: string) {
    this.#gone.add(key)
  }
}

class LosesLineages extends MemoryTokenCache {
  override async delete(key: string) {
    const current = await super.get(key)
    const generation = (current?.version.generation ?? 0) + 1
    const mark = { version: { lineage: "x", generation, id: `mark-${generation}` }, lineages: [] }
    await super.commit(key, mark, { expected: current?.version })
  }
}

class MixesUpKeys extends MemoryTokenCache {
  override get(key: string) {
    return super.get(key.normalize().toLowerCase())
  }
  override commit(key: string, record: StoredToken, options: CommitOptions) {
    return super.commit(key.normalize().toLowerCase(), record, options)
  }
}

class ShowsSecrets extends MemoryTokenCache {
  last: unknown
  override async commit(key: string, record: StoredToken, options: CommitOptions) {
    this.last = record.token?.accessToken
    return super.commit(key, record, options)
  }
}

class TellsNobody extends MemoryTokenCache {
  override changes() {
    return new Observable<void>()
  }
}

const MARK = "signing out leaves a mark of the next generation, and no token"
const EXPECTATION = "a commit that expects something else is refused, told what is there, and changes nothing"
const ONE_WINS = "of concurrent commits one wins, and the others are told which"
const EVERY_FIELD = "what was committed is read by everyone, in every field"
const EXCLUSIVE = "of those who take one number at once, one gets it"

test.each<[string, () => TokenCache, string]>([
  ["lets the last writer win", () => new LastWriterWins(), ONE_WINS],
  ["compares generations only", () => new ComparesGenerationsOnly(), EXPECTATION],
  ["does not tell a loser what is there", () => new ForgetsWhoWon(), ONE_WINS],
  ["loses an id token", () => new LosesFields(), EVERY_FIELD],
  ["loses the end of a refresh token", () => new LosesTheEndOfRefreshTokens(), EVERY_FIELD],
  ["rounds times", () => new RoundsTimes(), EVERY_FIELD],
  ["signs out without a mark", () => new SignsOutWithoutMark(), MARK],
  ["forgets lineages when signing out", () => new LosesLineages(), MARK],
  ["mixes up keys", () => new MixesUpKeys(), "each key has its own record, whatever characters it is made of"],
  ["shows a secret", () => new ShowsSecrets(), "no secret shows in what inspects a cache or a record"],
  [
    "tells nobody",
    () => new TellsNobody(),
    "whoever looks when told so sees each write of another, a sign-out included",
  ],
  ["gives a number twice", withClaims((c) => ({ take: async (n) => (await c.take(n), true) })), EXCLUSIVE],
  ["keeps a lost claim", withClaims((c) => ({ isHeld: async () => (await c.look()).owner !== "none" })), EXCLUSIVE],
  [
    "forgets a request that was sent",
    withClaims((claim) => ({ markSent: async () => void claim })),
    "everyone sees that a request was sent, until it is released",
  ],
  [
    "removes a claim that is abandoned",
    withClaims((claim) => ({ abandon: () => claim.release("own") })),
    "a claim abandoned stays as that of a dead owner, with its mark",
  ],
  [
    "removes only its own claim after a commit",
    withClaims((claim) => ({ release: () => claim.release("own") })),
    "after a commit all claims and marks of the subject are removed, whoever made them",
  ],
  [
    "removes others' claims when its own is released",
    withClaims((claim) => ({ release: () => claim.release("all") })),
    "who releases its own claim leaves those of others",
  ],
  [
    "has no tombstone",
    withClaims(() => ({ reject: async () => {} })),
    "a tombstone is seen by every look, and no release removes it",
  ],
])("a cache that %s breaks the contract", async (_, make, promise) => {
  expect((await broken({ create: alone(make) })).titles).toContain(promise)
})

test("a cache that differs from what the options say breaks the contract", async () => {
  const shape = ["the cache is what the options of its contract say"]
  const create = alone(() => new MemoryTokenCache())
  expect((await broken({ create, durable: true })).titles).toEqual(expect.arrayContaining(shape))
  expect((await broken({ create, claims: false })).titles).toEqual(shape)
  expect((await broken({ create, changes: false })).titles).toEqual(shape)
})

test("a durable cache that forgets on a restart breaks the contract", async () => {
  class SaysDurable extends MemoryTokenCache {
    override readonly durable = true
  }
  const create = async () => {
    const cache = new SaysDurable()
    return { cache, peer: cache, reopen: async () => new SaysDurable() }
  }
  const { titles } = await broken({ create, durable: true })
  expect(titles).toEqual([
    "what was committed is there after a restart, and goes on from there",
    "a sign-out still refuses a late writer after a restart",
    "an outcome that nobody knows is remembered after a restart",
    "a tombstone is there after a restart",
  ])
})

test("a durable cache that cannot be opened anew breaks the contract", async () => {
  class SaysDurable extends MemoryTokenCache {
    override readonly durable = true
  }
  const { titles } = await broken({ create: alone(() => new SaysDurable()), durable: true })
  expect(titles).toHaveLength(4)
})

test("a cache of one key is not asked for others", async () => {
  class OneKey extends MemoryTokenCache {
    override get(key: string) {
      return key === "key" ? super.get(key) : Promise.reject(new Error("one key only"))
    }
  }
  const create = alone(() => new OneKey())
  expect((await broken({ create, severalKeys: false })).titles).toEqual([])
  expect((await broken({ create })).titles).not.toEqual([])
})

test("a cache that converts times may differ by the tolerance given, and by no more", async () => {
  const create = alone(() => new RoundsTimes())
  expect((await broken({ create, clockToleranceMs: 1 })).titles).toEqual([])
  expect((await broken({ create, clockToleranceMs: 0.1 })).titles).toEqual([EVERY_FIELD])
})

test("what a case opened is disposed of, whether it passed or failed", async () => {
  let open = 0
  const opened = (make: () => TokenCache) => async () => {
    open++
    return { ...(await alone(make)()), dispose: async () => void open-- }
  }
  const { titles, count } = await broken({ create: opened(() => new LosesFields()) })
  expect(titles.length).toBeGreaterThan(0)
  expect(count).toBeGreaterThan(titles.length)
  expect(open).toBe(0)
})
