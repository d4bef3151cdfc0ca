import { expect, test } from "vitest"
import { errorOf } from "./testing/internal/answering-source.js"
import { WatcherStateFeed, type WatcherState } from "./watcher-state.js"

const fresh: WatcherState = { status: "fresh", isRenewing: false, attempts: 0, nextRenewalAt: 1_000_000 }

function seenBy(feed: WatcherStateFeed) {
  const seen: WatcherState[] = []
  feed.state$.subscribe((state) => seen.push(state))
  return seen
}

test("the latest state is told to each new subscriber, and no state twice", () => {
  const feed = new WatcherStateFeed()
  feed.show({ ...fresh, status: "starting" })
  feed.show(fresh)
  const seen = seenBy(feed)
  feed.show({ ...fresh })
  expect(seen).toEqual([fresh])
})

test("a state without a next renewal is not told twice either", () => {
  const feed = new WatcherStateFeed()
  const seen = seenBy(feed)
  const renewing = { ...fresh, isRenewing: true, nextRenewalAt: undefined }
  feed.show(renewing)
  feed.show({ ...renewing })
  expect(seen).toEqual([renewing])
})

test("the same moment reckoned twice is no news", () => {
  const feed = new WatcherStateFeed()
  feed.show(fresh)
  const seen = seenBy(feed)
  feed.show({ ...fresh, nextRenewalAt: 1_000_999 })
  feed.show({ ...fresh, nextRenewalAt: 999_001 })
  expect(seen).toEqual([fresh])
})

test.each<[string, Partial<WatcherState>]>([
  ["status", { status: "stale" }],
  ["isRenewing", { isRenewing: true }],
  ["attempts", { attempts: 1 }],
  ["lastError", { lastError: errorOf("ERR_TOKEN_REQUEST") }],
  ["nextRenewalAt", { nextRenewalAt: 1_001_000 }],
  ["nextRenewalAt", { nextRenewalAt: undefined }],
])("another %s is news", (_, change) => {
  const feed = new WatcherStateFeed()
  feed.show(fresh)
  const seen = seenBy(feed)
  feed.show({ ...fresh, ...change })
  feed.show(fresh)
  expect(seen).toEqual([fresh, { ...fresh, ...change }, fresh])
})

test("a state brought about by a subscriber is told after the one that it reacts to, to all", () => {
  const feed = new WatcherStateFeed()
  feed.state$.subscribe(({ status }) => {
    if (status === "stale") feed.show({ ...fresh, status: "expired" })
  })
  const seen = seenBy(feed)
  feed.show({ ...fresh, status: "stale" })
  expect(seen.map(({ status }) => status)).toEqual(["stale", "expired"])
  expect(seenBy(feed).map(({ status }) => status)).toEqual(["expired"])
})

test("after the last state the stream is complete, and who comes later learns that state", () => {
  const feed = new WatcherStateFeed()
  feed.complete({ status: "closed", isRenewing: false, attempts: 0 })
  const seen: unknown[] = []
  feed.state$.subscribe({ next: ({ status }) => seen.push(status), complete: () => seen.push("complete") })
  expect(seen).toEqual(["closed", "complete"])
})
