import { setTimeout as wait } from "node:timers/promises"
import type { Random, TokenPool, TokenWatcher } from "evertoken"
import { seededRandom } from "evertoken/testing"
import { openSharedStore, type SharedStore } from "../processes/shared-store.js"
import { CountingClock } from "./counting-clock.js"
import { LoadBook, useWatcher } from "./load.js"
import { startPool, usePool } from "./pooled.js"
import { takeSample } from "./sample.js"
import type { LoadCounts, SubjectAnswer, SubjectCalls, SubjectRequest } from "./subject-protocol.js"
import { startWatcher, tokenCount, type Surroundings } from "./watched.js"

/** A process whose watchers are used without end, so that what they leave behind adds up. Driven by a `SubjectProcess`. */
const book = new LoadBook()
const clock = new CountingClock()
let watchers: readonly TokenWatcher[] = []
let pool: TokenPool | undefined
let store: SharedStore | undefined
let configured: { readonly around: Surroundings; readonly random: Random } | undefined

const SHORT_LIVED = 4

const calls: {
  [M in keyof SubjectCalls]: (...args: Parameters<SubjectCalls[M]>) => Promise<ReturnType<SubjectCalls[M]>>
} = {
  async start(config) {
    store = config.shared && (await openSharedStore(config.shared))
    const around = { config, clock, store: store?.cache }
    configured = { around, random: seededRandom(config.seed) }
    watchers = await Promise.all(Array.from({ length: tokenCount(config) }, (_, which) => startWatcher(around, which)))
    pool = startPool(around, book)
    return null
  },
  async load(forMs) {
    const { around, random } = configured ?? notStarted()
    const until = performance.now() + forMs
    const longLived = watchers.map((watcher) => useWatcher(watcher, { until, random, book }))
    const shortLived = Array.from({ length: SHORT_LIVED }, (_, index) => liveShortly(around, random, until, index))
    const pooled = pool === undefined ? [] : [usePool(pool, { until, random, book })]
    await Promise.all([...longLived, ...shortLived, ...pooled])
    return counts()
  },
  async sample() {
    await Promise.all(watchers.map((watcher) => refreshed(watcher)))
    return takeSample(clock)
  },
  async close() {
    await Promise.all([...watchers.map((watcher) => watcher.close()), pool?.close()])
    await store?.close()
    watchers = []
    pool = undefined
    store = undefined
    return null
  },
}

/** With a new token a watcher is at rest. The issuer is well by now, but the pauses after its failures may last yet. */
async function refreshed(watcher: TokenWatcher): Promise<void> {
  for (let attempt = 1; attempt <= 50; attempt++) {
    try {
      await watcher.refresh()
      return
    } catch (error) {
      book.failed(error)
      await wait(100)
    }
  }
}

/** Starts a watcher, uses it, closes it, and begins again. */
async function liveShortly(around: Surroundings, random: Random, until: number, index: number): Promise<void> {
  for (let which = index; performance.now() < until; which += SHORT_LIVED) {
    try {
      await using watcher = await startWatcher(around, which)
      book.started++
      await useWatcher(watcher, { until: Math.min(until, performance.now() + 200), random, book })
    } catch (error) {
      book.failed(error)
    }
  }
}

function counts(): LoadCounts {
  const { calls: made, failures, published, started, pooled, unexpected } = book
  return { calls: made, failures, published, started, pooled, unexpected: unexpected.slice(0, 10) }
}

function notStarted(): never {
  throw new TypeError("start the subject first")
}

process.on("message", (request: SubjectRequest) => {
  const method = calls[request.method] as (...args: readonly unknown[]) => Promise<unknown>
  method(...request.args).then(
    (value) => answer({ value }),
    (error: unknown) => answer({ error: String(error) }),
  )
})

function answer(message: SubjectAnswer): void {
  process.send?.(message)
}
