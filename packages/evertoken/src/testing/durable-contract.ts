import assert from "node:assert/strict"
import {
  assertSameRecord,
  claimOf,
  mustCommit,
  recordOf,
  versionOf,
  type ContractCase,
  type ContractContext,
} from "./contract-case.js"

/** What every cache that outlives the process promises about records. */
export const durableCases: readonly ContractCase[] = [
  {
    title: "what was committed is there after a restart, and goes on from there",
    async run(context) {
      await mustCommit(context.cache, recordOf(1))
      await mustCommit(context.peer, recordOf(2), versionOf(1))
      const reopened = await reopen(context)
      assertSameRecord(await reopened.get("key"), recordOf(2), context.clockToleranceMs)
      assert.equal((await reopened.commit("key", recordOf(9), { expected: versionOf(1) })).committed, false)
      await mustCommit(reopened, recordOf(3), versionOf(2))
    },
  },
  {
    title: "a sign-out still refuses a late writer after a restart",
    async run(context) {
      await mustCommit(context.cache, recordOf(1))
      await context.cache.delete("key")
      const reopened = await reopen(context)
      const late = await reopened.commit("key", recordOf(9), { expected: versionOf(1) })
      assert.ok(!late.committed)
      assert.equal(late.current?.version.generation, 2)
      assert.equal(late.current.token, undefined)
    },
  },
]

/** What every cache that outlives the process promises about claims. */
export const durableClaimCases: readonly ContractCase[] = [
  {
    title: "an outcome that nobody knows is remembered after a restart",
    async run(context) {
      const claim = claimOf(context.cache)
      assert.equal(await claim.take(1), true)
      await claim.markSent()
      await claim.abandon()
      const { sentAgoMs, ...view } = await claimOf(await reopen(context)).look()
      assert.ok(sentAgoMs !== undefined && sentAgoMs >= 0)
      assert.deepEqual(view, { n: 1, owner: "gone", othersAlive: false, rejected: false })
    },
  },
  {
    title: "a tombstone is there after a restart",
    async run(context) {
      const claim = claimOf(context.cache)
      assert.equal(await claim.take(1), true)
      await claim.reject()
      await claim.release("own")
      assert.equal((await claimOf(await reopen(context)).look()).rejected, true)
    },
  },
]

function reopen({ reopen }: ContractContext) {
  assert.ok(reopen, "the contract of a durable cache needs reopen()")
  return reopen()
}
