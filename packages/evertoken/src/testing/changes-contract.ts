import assert from "node:assert/strict"
import type { Subscription } from "rxjs"
import type { TokenCache } from "../token-cache.js"
import { mustCommit, recordOf, until, versionOf, type ContractCase } from "./contract-case.js"

/** What every cache that tells of changes promises about it. */
export const changesCases: readonly ContractCase[] = [
  {
    title: "whoever looks when told so sees each write of another, a sign-out included",
    async run({ cache, peer, deadlineMs }) {
      const watched = watch(cache)
      try {
        await mustCommit(peer, recordOf(1))
        await until("generation 1 is seen", deadlineMs, () => watched.seen.has(1))
        await mustCommit(peer, recordOf(2), versionOf(1))
        await until("generation 2 is seen", deadlineMs, () => watched.seen.has(2))
        await peer.delete("key")
        await until("the sign-out is seen", deadlineMs, () => watched.seen.has(3))
      } finally {
        watched.subscription.unsubscribe()
      }
    },
  },
  {
    title: "every subscriber is told, and one who has left is not told any more",
    async run({ cache, peer, deadlineMs }) {
      const [stays, leaves] = [watch(cache), watch(cache)]
      try {
        await mustCommit(peer, recordOf(1))
        await until("both see generation 1", deadlineMs, () => stays.seen.has(1) && leaves.seen.has(1))
        leaves.subscription.unsubscribe()
        const told = leaves.told()
        await mustCommit(peer, recordOf(2), versionOf(1))
        await until("the one who stays sees generation 2", deadlineMs, () => stays.seen.has(2))
        assert.equal(leaves.told(), told)
      } finally {
        stays.subscription.unsubscribe()
        leaves.subscription.unsubscribe()
      }
    },
  },
  {
    title: "who subscribes again is told again",
    async run({ cache, peer, deadlineMs }) {
      watch(cache).subscription.unsubscribe()
      const watched = watch(cache)
      try {
        await mustCommit(peer, recordOf(1))
        await until("generation 1 is seen", deadlineMs, () => watched.seen.has(1))
      } finally {
        watched.subscription.unsubscribe()
      }
    },
  },
]

interface Watched {
  /** The generations found by looking when told to. */
  readonly seen: ReadonlySet<number>
  readonly told: () => number
  readonly subscription: Subscription
}

function watch(cache: TokenCache): Watched {
  const changes = cache.changes?.("key")
  assert.ok(changes, "the cache tells of changes")
  const seen = new Set<number>()
  let told = 0
  const subscription = changes.subscribe(() => {
    told++
    void cache.get("key").then(
      (record) => record && seen.add(record.version.generation),
      () => undefined,
    )
  })
  return { seen, told: () => told, subscription }
}
