import assert from "node:assert/strict"
import type { Claim, ClaimView } from "../token-cache.js"
import { claimOf, mustCommit, OTHER_SUBJECT, recordOf, versionOf, type ContractCase } from "./contract-case.js"

const NOTHING: ClaimView = { n: 0, owner: "none", othersAlive: false, sentAgoMs: undefined, rejected: false }

/** What every cache with claims promises about them. */
export const claimCases: readonly ContractCase[] = [
  {
    title: "before anyone claims there is nothing to see, and nothing is held",
    async run({ cache }) {
      const claim = claimOf(cache)
      assert.deepEqual(await claim.look(), NOTHING)
      assert.equal(await claim.isHeld(), false)
    },
  },
  {
    title: "of those who take one number at once, one gets it",
    async run({ cache, peer }) {
      for (const n of [1, 2]) {
        const claims = Array.from({ length: 8 }, (_, i) => claimOf(i % 2 === 0 ? cache : peer))
        const taken = await Promise.all(claims.map((claim) => claim.take(n)))
        assert.equal(taken.filter(Boolean).length, 1, `one of ${claims.length} has number ${n}`)
        const held = await Promise.all(claims.map((claim) => claim.isHeld()))
        assert.deepEqual(held, taken, "held by the one who got it")
      }
    },
  },
  {
    title: "the owner sees itself, others see a living owner",
    async run({ cache, peer }) {
      const [mine, theirs] = [claimOf(cache), claimOf(peer)]
      assert.equal(await mine.take(1), true)
      assert.equal(await mine.isHeld(), true)
      assert.deepEqual(await mine.look(), { ...NOTHING, n: 1, owner: "self" })
      assert.deepEqual(await theirs.look(), { ...NOTHING, n: 1, owner: "alive", othersAlive: true })
      assert.deepEqual(await claimOf(cache).look(), { ...NOTHING, n: 1, owner: "alive", othersAlive: true })
    },
  },
  {
    title: "who did not get a number cannot release it",
    async run({ cache, peer }) {
      const [mine, theirs] = [claimOf(cache), claimOf(peer)]
      assert.equal(await mine.take(1), true)
      assert.equal(await theirs.take(1), false)
      assert.equal(await theirs.isHeld(), false)
      await theirs.release("own")
      assert.equal(await mine.isHeld(), true)
    },
  },
  {
    title: "a claim is not held any more once there is a higher one, and each sees the other alive",
    async run({ cache, peer }) {
      const { first, second } = await takeTwo(claimOf(cache), claimOf(peer))
      assert.equal(await first.isHeld(), false)
      assert.equal(await second.isHeld(), true)
      assert.deepEqual(await first.look(), { ...NOTHING, n: 2, owner: "alive", othersAlive: true })
      assert.deepEqual(await second.look(), { ...NOTHING, n: 2, owner: "self", othersAlive: true })
    },
  },
  {
    title: "who releases its own claim leaves those of others",
    async run({ cache, peer }) {
      const { first, second } = await takeTwo(claimOf(cache), claimOf(peer))
      await second.release("own")
      assert.equal(await second.isHeld(), false)
      assert.equal(await first.isHeld(), true)
      assert.deepEqual(await first.look(), { ...NOTHING, n: 1, owner: "self" })
      await first.release("own")
      assert.deepEqual(await second.look(), NOTHING)
    },
  },
  {
    title: "a number released can be taken again",
    async run({ cache, peer }) {
      const mine = claimOf(cache)
      assert.equal(await mine.take(1), true)
      await mine.release("own")
      assert.equal(await claimOf(peer).take(1), true)
    },
  },
  {
    title: "everyone sees that a request was sent, until it is released",
    async run({ cache, peer }) {
      const [mine, theirs] = [claimOf(cache), claimOf(peer)]
      assert.equal(await mine.take(1), true)
      assert.equal((await theirs.look()).sentAgoMs, undefined)
      await mine.markSent()
      assertSent(await mine.look())
      assertSent(await theirs.look())
      await mine.markSent()
      assertSent(await theirs.look())
      assert.equal(await mine.isHeld(), true)
      await mine.release("own")
      assert.deepEqual(await theirs.look(), NOTHING)
    },
  },
  {
    title: "a claim abandoned stays as that of a dead owner, with its mark",
    async run({ cache, peer }) {
      const [mine, theirs] = [claimOf(cache), claimOf(peer)]
      assert.equal(await mine.take(1), true)
      await mine.markSent()
      await mine.abandon()
      const { sentAgoMs, ...view } = await theirs.look()
      assert.notEqual(sentAgoMs, undefined)
      assert.deepEqual(view, { n: 1, owner: "gone", othersAlive: false, rejected: false })
      assert.equal(await mine.isHeld(), false)
      assert.equal(await claimOf(cache).take(1), false)
      await mine.release("own")
      assert.equal((await theirs.look()).n, 1)
    },
  },
  {
    title: "who follows a dead owner knows of its request, and leaves its mark when it releases only its own",
    async run({ cache, peer }) {
      const [mine, theirs] = [claimOf(cache), claimOf(peer)]
      assert.equal(await mine.take(1), true)
      await mine.markSent()
      await mine.abandon()
      assert.equal(await theirs.take(2), true)
      const followed = await theirs.look()
      assertSent(followed)
      assert.deepEqual({ ...followed, sentAgoMs: undefined }, { ...NOTHING, n: 2, owner: "self" })
      await theirs.release("own")
      const left = await theirs.look()
      assertSent(left)
      assert.deepEqual({ ...left, sentAgoMs: undefined }, { ...NOTHING, n: 1, owner: "gone" })
    },
  },
  {
    title: "after a commit all claims and marks of the subject are removed, whoever made them",
    async run({ cache, peer }) {
      const { first, second } = await takeTwo(claimOf(cache), claimOf(peer))
      await first.markSent()
      await second.markSent()
      await second.release("all")
      assert.deepEqual(await first.look(), NOTHING)
      assert.deepEqual(await second.look(), NOTHING)
      assert.equal(await first.isHeld(), false)
      await first.release("own")
      assert.equal(await claimOf(cache).take(1), true)
    },
  },
  {
    title: "who has released its claim, or given it up, removes nothing that others have claimed since",
    async run({ cache, peer }) {
      for (const end of ["release", "abandon"] as const) {
        const [mine, theirs] = [claimOf(cache), claimOf(peer)]
        assert.equal(await mine.take(1), true)
        await (end === "release" ? mine.release("own") : mine.abandon())
        const { n } = await theirs.look()
        assert.equal(await theirs.take(n + 1), true)
        await theirs.markSent()
        await mine.release("all")
        assert.equal(await theirs.isHeld(), true)
        assertSent(await theirs.look())
        await theirs.release("all")
      }
    },
  },
  {
    title: "a tombstone is seen by every look, and no release removes it",
    async run({ cache, peer }) {
      const [mine, theirs] = [claimOf(cache), claimOf(peer)]
      assert.equal(await mine.take(1), true)
      await mine.reject()
      assert.equal((await mine.look()).rejected, true)
      assert.equal((await theirs.look()).rejected, true)
      await mine.release("own")
      await theirs.release("all")
      assert.deepEqual(await theirs.look(), { ...NOTHING, rejected: true })
      assert.equal((await claimOf(cache).look()).rejected, true)
    },
  },
  {
    title: "claims of one subject do not concern another",
    async run({ cache, peer }) {
      const [mine, other] = [claimOf(cache), claimOf(peer, { subject: OTHER_SUBJECT })]
      assert.equal(await mine.take(1), true)
      await mine.markSent()
      await mine.reject()
      assert.deepEqual(await other.look(), NOTHING)
      assert.equal(await other.take(1), true)
      await other.release("all")
      assert.equal(await mine.isHeld(), true)
    },
  },
  {
    title: "a claim guards the question, not the record: anyone may write meanwhile",
    async run({ cache, peer }) {
      const claim = claimOf(cache)
      assert.equal(await claim.take(1), true)
      await claim.markSent()
      await mustCommit(peer, recordOf(1))
      await mustCommit(cache, recordOf(2), versionOf(1))
      assert.equal(await claim.isHeld(), true)
    },
  },
]

async function takeTwo(first: Claim, second: Claim): Promise<{ readonly first: Claim; readonly second: Claim }> {
  assert.equal(await first.take(1), true)
  assert.equal(await second.take(2), true)
  return { first, second }
}

function assertSent({ sentAgoMs }: ClaimView): void {
  assert.ok(sentAgoMs !== undefined && sentAgoMs >= 0, `sent a while ago, not ${sentAgoMs} ms`)
}
