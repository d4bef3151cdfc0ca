import { setTimeout as wait } from "node:timers/promises"
import { TokenError, TokenPool, type Random, type TokenSource } from "evertoken"
import { between, choose } from "../chaos/choice.js"
import type { LoadBook } from "./load.js"
import { BACKOFF, cachedSource, type Surroundings } from "./watched.js"

const SIZE = 10
const CROWD = 20
const REGULARS = 3
// who is not used for so long is closed: when a sample is taken the pool is empty
const IDLE_MS = 60

/** A pool with less room than there are keys, over files that others have, too. */
export function startPool(around: Surroundings, book: LoadBook): TokenPool {
  const createSource = (key: string): TokenSource => {
    book.pooled++
    const [kind, number] = key.split(":")
    if (kind === "failing") return { getToken: () => Promise.reject(refusal()) }
    const source = cachedSource(around, Number(number))
    // what the others use is not to be signed out
    return kind === "leaving"
      ? { getToken: (request) => source.getToken(request), close: (options) => source.close(options) }
      : source
  }
  const timing = { idleMs: IDLE_MS, minimumIntervalMs: 50, backoff: BACKOFF, clock: around.clock }
  return new TokenPool(createSource, { maximumSize: SIZE, concurrency: 4, ...timing })
}

function refusal(): TokenError {
  return new TokenError("ERR_TOKEN_RESPONSE", "this tenant is refused", { transient: false })
}

type Deed = "regular" | "crowd" | "subscribe" | "failing" | "leave" | "reject" | "pause"

/** Uses a pool until the moment is over: keys come, are renewed, fail, sign out, and go for want of room or use. */
export async function usePool(
  pool: TokenPool,
  { until, random, book }: { readonly until: number; readonly random: Random; readonly book: LoadBook },
): Promise<void> {
  for (let turn = 0; performance.now() < until; turn++) {
    const deed = choose<Deed>(random, [
      ["regular", 20],
      ["crowd", 2],
      ["subscribe", 2],
      ["failing", 2],
      ["leave", 2],
      ["reject", 1],
      ["pause", 1],
    ])
    await deeds[deed](pool, book, turn).catch((error: unknown) => book.failed(error))
    await wait(between(random, 0, 30))
  }
}

const deeds: Record<Deed, (pool: TokenPool, book: LoadBook, turn: number) => Promise<void>> = {
  async regular(pool, book) {
    await askFor(pool, book, REGULARS)
  },
  async crowd(pool, book) {
    await askFor(pool, book, CROWD)
  },
  async subscribe(pool, book, turn) {
    const subscription = pool.token$(`tenant:${turn % CROWD}`).subscribe(() => book.published++)
    await askFor(pool, book, CROWD)
    subscription.unsubscribe()
  },
  async failing(pool, book, turn) {
    book.calls++
    await pool.getToken(`failing:${turn % CROWD}`)
  },
  async leave(pool, book, turn) {
    const key = `leaving:${turn}`
    book.calls++
    await pool.getToken(key)
    await pool.signOut(key)
    await pool.delete(key)
  },
  async reject(pool, book, turn) {
    const key = `tenant:${turn % CROWD}`
    book.calls++
    const token = await pool.getToken(key)
    pool.invalidate(key, token)
    await pool.getToken(key, { newerThan: token })
  },
  async pause() {
    await wait(3 * IDLE_MS)
  },
}

async function askFor(pool: TokenPool, book: LoadBook, count: number): Promise<void> {
  book.calls += count
  const asked = Array.from({ length: count }, (_, number) => pool.getToken(`tenant:${number}`))
  for (const result of await Promise.allSettled(asked)) {
    if (result.status === "rejected") book.failed(result.reason)
  }
}
