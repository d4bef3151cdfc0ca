import { setTimeout as wait } from "node:timers/promises"
import { TokenError, type Random, type TokenWatcher } from "evertoken"
import { between, choose } from "../chaos/choice.js"

/** What was done, and what came of it, since the subject began. */
export class LoadBook {
  calls = 0
  failures = 0
  published = 0
  started = 0
  /** Keys that a pool made a source for. */
  pooled = 0
  readonly unexpected: string[] = []

  /** An outage is no surprise; a sign-in asked for would be, and so is anything but a `TokenError`. */
  failed(error: unknown): void {
    this.failures++
    const isExpected = error instanceof TokenError && error.code !== "ERR_REAUTHENTICATION_REQUIRED"
    if (!isExpected) this.unexpected.push(error instanceof TokenError ? error.code : String(error))
  }
}

type Deed = "burst" | "newer" | "reject" | "refresh" | "cancel" | "subscribe"

/** Uses a watcher in every way an application might, until the moment is over, and leaves nothing behind. */
export async function useWatcher(
  watcher: TokenWatcher,
  { until, random, book }: { readonly until: number; readonly random: Random; readonly book: LoadBook },
): Promise<void> {
  while (performance.now() < until) {
    const deed = choose<Deed>(random, [
      ["burst", 6],
      ["newer", 1],
      ["reject", 2],
      ["refresh", 1],
      ["cancel", 2],
      ["subscribe", 3],
    ])
    await deeds[deed](watcher, book).catch((error: unknown) => book.failed(error))
    await wait(between(random, 0, 30))
  }
}

const deeds: Record<Deed, (watcher: TokenWatcher, book: LoadBook) => Promise<void>> = {
  async burst(watcher, book) {
    book.calls += 100
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => watcher.getToken()))
    for (const result of results) if (result.status === "rejected") book.failed(result.reason)
    watcher.current()
  },
  async newer(watcher, book) {
    book.calls++
    await watcher.getToken({ newerThan: watcher.current(), minimumValidityMs: 100 })
  },
  async reject(watcher, book) {
    book.calls++
    const token = watcher.current()
    for (let times = 0; times < 10; times++) watcher.invalidate(token)
    await watcher.getToken({ newerThan: token })
  },
  async refresh(watcher, book) {
    book.calls++
    await watcher.refresh()
  },
  async cancel(watcher, book) {
    book.calls++
    const patience = new AbortController()
    const { signal } = patience
    const asked = watcher.getToken({ newerThan: watcher.current(), signal })
    patience.abort(new TokenError("ERR_TOKEN_REQUEST", "the caller has lost patience", { transient: true }))
    await asked
  },
  async subscribe(watcher, book) {
    const subscriptions = [
      watcher.token$.subscribe(() => book.published++),
      watcher.state$.subscribe(() => book.published++),
      watcher.changes().subscribe(() => book.published++),
    ]
    await wait(5)
    for (const subscription of subscriptions) subscription.unsubscribe()
  },
}
