import { randomBytes } from "node:crypto"
import { setImmediate as turn } from "node:timers/promises"
import type { Clock, CommitOptions, StoredToken, TokenCache } from "evertoken"
import { encrypted, EncryptionKey, Keyring } from "evertoken/encryption"
import type { OpenStore, StoreMishap, StoreUnderTest } from "./store-under-test.js"

/** Any store, with the tokens in it encrypted. */
export function encryptedStore(store: StoreUnderTest): StoreUnderTest {
  const work = new Work()
  return {
    ...store,
    name: `encrypted ${store.name}`,
    open: async (clock) => new Sealed(await store.open(clock), work),
    settle: () => work.settle(() => store.settle()),
  }
}

class Sealed implements OpenStore {
  readonly #store: OpenStore
  readonly #work: Work
  readonly #keyring = new Keyring([EncryptionKey.from(randomBytes(32))])

  constructor(store: OpenStore, work: Work) {
    this.#store = store
    this.#work = work
  }

  connect(clock: Clock): TokenCache {
    const cache = encrypted(this.#store.connect(clock), this.#keyring)
    return {
      ...cache,
      get: (key) => this.#work.done(() => cache.get(key)),
      commit: (key: string, record: StoredToken, options: CommitOptions) =>
        this.#work.done(() => cache.commit(key, record, options)),
      delete: (key) => cache.delete(key),
    }
  }

  async read(key: string): Promise<StoredToken | undefined> {
    const record = await this.#store.read(key)
    const { name } = this.#store.constructor
    const kept = { name, durable: true, get: async () => record, commit: refuse, delete: refuse }
    return encrypted(kept, this.#keyring).get(key)
  }

  suffer(mishap: StoreMishap): Promise<boolean> {
    return this.#store.suffer(mishap)
  }

  visibleNames(): Promise<readonly string[]> {
    return this.#store.visibleNames()
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]()
  }
}

function refuse(): never {
  throw new Error("it is only read")
}

// a chain of calls has one of them under way at each turn
const QUIET_TURNS = 3

/** What is under way: to encrypt takes another thread, of which nothing else tells. */
class Work {
  #pending = 0

  async done<T>(action: () => Promise<T>): Promise<T> {
    this.#pending++
    try {
      return await action()
    } finally {
      this.#pending--
    }
  }

  async settle(beneath: () => Promise<void>): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await turn()
      await beneath()
      if (this.#pending > 0) quiet = -1
    }
  }
}
