import { setImmediate as turn } from "node:timers/promises"
import type { Clock, StoredToken, TokenCache } from "evertoken"
import { RowTokenCache, type Rows } from "evertoken/row"
import type { OpenStore, StoreMishap, StoreUnderTest } from "./store-under-test.js"

/** The real `RowTokenCache`, over rows in memory that all processes share. */
export const rowStore: StoreUnderTest = {
  name: "row",
  open: async () => new SharedRows(),
  settle: whenRowsRest,
}

// nobody tells what is written, and scenarios wait for news a second at least; and leases as long as other stores'
const OPTIONS = { pollMs: 250, leaseMs: 30_000 }

// a chain of calls has one of them under way at each turn
const QUIET_TURNS = 3

async function whenRowsRest(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) await turn()
}

class SharedRows implements OpenStore {
  #values = new Map<string, string>()
  #backup: ReadonlyMap<string, string> = new Map()

  connect(clock: Clock): TokenCache {
    return new RowTokenCache(this.#rows(), { clock, ...OPTIONS })
  }

  read(key: string): Promise<StoredToken | undefined> {
    return new RowTokenCache(this.#rows()).get(key)
  }

  async suffer(mishap: StoreMishap): Promise<boolean> {
    // a database replaces a value as a whole, and what is torn is no miss here
    if (mishap.endsWith("torn")) return false
    if (mishap === "is backed up") this.#backup = new Map(this.#values)
    else this.#values = new Map(mishap === "is restored" ? this.#backup : [])
    return true
  }

  async visibleNames(): Promise<readonly string[]> {
    return [...this.#values.keys()]
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #rows(): Rows {
    return {
      load: async (key) => this.#values.get(key),
      save: async (key, value, expected) => {
        const isExpected = this.#values.get(key) === expected
        if (isExpected) this.#values.set(key, value)
        return isExpected
      },
      remove: async (key) => this.#values.delete(key),
    }
  }
}
