import assert from "node:assert/strict"
import { inspect } from "node:util"
import { Token, type TokenVersion } from "../token.js"
import { assertSameRecord, mustCommit, recordOf, versionOf, type ContractCase } from "./contract-case.js"

const EVERYTHING = new Token({
  accessToken: `!#$%&'()*+,-./:;<=>?@[]^_\`{|}~"\\${"a".repeat(8_000)}`,
  tokenType: "DPoP",
  issuedAt: 1_767_225_600_000.25,
  staleAt: 1_767_228_300_000.5,
  expiresAt: 1_767_229_200_000.75,
  refreshToken: 'a refresh token "with" \\ blanks',
  refreshTokenExpiresAt: 1_798_761_600_000,
  idToken: "header.payload.signature",
  scope: "openid read:all",
})

/** What every cache promises about records. */
export const recordCases: readonly ContractCase[] = [
  {
    title: "a miss is undefined",
    async run({ cache }) {
      assert.equal(await cache.get("key"), undefined)
    },
  },
  {
    title: "what was committed is read by everyone, in every field",
    async run({ cache, peer, clockToleranceMs }) {
      const record = recordOf(1, "writer", { token: EVERYTHING, lineages: ["first", "second"] })
      await mustCommit(cache, record)
      assertSameRecord(await cache.get("key"), record, clockToleranceMs)
      assertSameRecord(await peer.get("key"), record, clockToleranceMs)
    },
  },
  {
    title: "what a token does not have, it does not have after reading",
    async run({ cache, peer, clockToleranceMs }) {
      const token = new Token({ accessToken: "a", issuedAt: 1_000, staleAt: 2_000, expiresAt: 3_000 })
      const record = recordOf(1, "writer", { token, fingerprint: undefined, lineages: [] })
      await mustCommit(cache, record)
      assertSameRecord(await peer.get("key"), record, clockToleranceMs)
    },
  },
  {
    title: "a token that only carries a refresh token is kept",
    async run({ cache, peer, clockToleranceMs }) {
      const token = new Token({ accessToken: "", issuedAt: 0, staleAt: 0, expiresAt: 0, refreshToken: "refresh" })
      const record = recordOf(1, "writer", { token })
      await mustCommit(cache, record)
      assertSameRecord(await peer.get("key"), record, clockToleranceMs)
    },
  },
  {
    title: "a token that is sealed is given back as it was written",
    async run({ cache, peer, clockToleranceMs }) {
      const sealed = { jwe: "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVydGV4dA.dGFn" }
      const record = recordOf(1, "writer", { token: undefined, sealed })
      await mustCommit(cache, record)
      assertSameRecord(await cache.get("key"), record, clockToleranceMs)
      assertSameRecord(await peer.get("key"), record, clockToleranceMs)
    },
  },
  {
    title: "a record that was put back says when",
    async run({ cache, peer, clockToleranceMs }) {
      const record = recordOf(1, "writer", { restoredAt: 1_767_225_600_000 })
      await mustCommit(cache, record)
      assertSameRecord(await peer.get("key"), record, clockToleranceMs)
    },
  },
  {
    title: "a record without a token is kept",
    async run({ cache, peer }) {
      const record = recordOf(1, "writer", { token: undefined })
      await mustCommit(cache, record)
      assertSameRecord(await peer.get("key"), record)
    },
  },
  {
    title: "a newer record replaces the one expected, and may skip generations",
    async run({ cache, peer, clockToleranceMs }) {
      await mustCommit(cache, recordOf(3))
      await mustCommit(peer, recordOf(7), versionOf(3))
      assertSameRecord(await cache.get("key"), recordOf(7), clockToleranceMs)
      await mustCommit(cache, recordOf(2 ** 40), versionOf(7))
      assertSameRecord(await peer.get("key"), recordOf(2 ** 40), clockToleranceMs)
    },
  },
  {
    title: "a commit that expects something else is refused, told what is there, and changes nothing",
    async run({ cache, peer, clockToleranceMs }) {
      await mustCommit(cache, recordOf(1))
      await mustCommit(cache, recordOf(2), versionOf(1))
      for (const expected of [undefined, versionOf(1), versionOf(2, "another"), versionOf(9)]) {
        const commit = await peer.commit("key", recordOf(10, "late"), { expected })
        assert.ok(!commit.committed, `a commit that expects ${inspect(expected)} is refused`)
        assertSameRecord(commit.current, recordOf(2), clockToleranceMs)
      }
      assertSameRecord(await cache.get("key"), recordOf(2), clockToleranceMs)
    },
  },
  {
    title: "a commit that expects something where nothing is, is refused",
    async run({ cache }) {
      const commit = await cache.commit("key", recordOf(2), { expected: versionOf(1) })
      assert.deepEqual(commit, { committed: false, current: undefined })
      assert.equal(await cache.get("key"), undefined)
    },
  },
  {
    title: "of concurrent commits one wins, and the others are told which",
    async run({ cache, peer, clockToleranceMs }) {
      let expected: TokenVersion | undefined
      for (const generation of [1, 2, 3]) {
        const records = Array.from({ length: 8 }, (_, i) => recordOf(generation, `writer-${i}`))
        const commits = await Promise.all(
          records.map((record, i) => (i % 2 === 0 ? cache : peer).commit("key", record, { expected })),
        )
        const won = records.filter((_, i) => commits[i]?.committed)
        assert.equal(won.length, 1, `${won.length} of ${records.length} commits won`)
        const [winner] = won
        assert.ok(winner)
        for (const commit of commits) if (!commit.committed) assertSameRecord(commit.current, winner, clockToleranceMs)
        assertSameRecord(await peer.get("key"), winner, clockToleranceMs)
        expected = winner.version
      }
    },
  },
  {
    title: "signing out leaves a mark of the next generation, and no token",
    async run({ cache, peer }) {
      await mustCommit(cache, recordOf(4, "writer", { lineages: ["first", "second"] }))
      await cache.delete("key")
      const mark = await peer.get("key")
      assert.ok(mark, "a mark is there")
      assert.equal(mark.token, undefined)
      assert.equal(mark.version.generation, 5)
      assert.deepEqual([...mark.lineages], ["first", "second"])
    },
  },
  {
    title: "after signing out a late writer is refused, and who has seen the mark is not",
    async run({ cache, peer, clockToleranceMs }) {
      await mustCommit(cache, recordOf(1))
      await peer.delete("key")
      for (const expected of [undefined, versionOf(1)]) {
        const late = await cache.commit("key", recordOf(20, "late"), { expected })
        assert.ok(!late.committed, "the late writer is refused")
        assert.equal(late.current?.token, undefined)
      }
      const mark = await cache.get("key")
      await mustCommit(cache, recordOf(3, "signed-in"), mark?.version)
      assertSameRecord(await peer.get("key"), recordOf(3, "signed-in"), clockToleranceMs)
    },
  },
  {
    title: "signing out where nothing is refuses a late writer, too",
    async run({ cache, peer }) {
      await cache.delete("key")
      const late = await peer.commit("key", recordOf(20, "late"), { expected: undefined })
      assert.equal(late.committed, false)
      const mark = await peer.get("key")
      assert.ok(mark, "a mark is there")
      assert.equal(mark.token, undefined)
      assert.deepEqual([...mark.lineages], [])
    },
  },
  {
    title: "signing out again goes one generation on",
    async run({ cache, peer }) {
      await cache.delete("key")
      const first = await cache.get("key")
      await peer.delete("key")
      const second = await cache.get("key")
      assert.ok(first && second && second.version.generation > first.version.generation)
    },
  },
  {
    title: "whoever writes while another signs out, nothing is left afterwards",
    async run({ cache, peer }) {
      await mustCommit(cache, recordOf(1))
      await Promise.all([cache.commit("key", recordOf(2), { expected: versionOf(1) }), peer.delete("key")])
      assert.equal((await cache.get("key"))?.token, undefined)
    },
  },
  {
    title: "no secret shows in what inspects a cache or a record",
    async run({ cache, peer }) {
      await mustCommit(cache, recordOf(1))
      const stored = await cache.get("key")
      await peer.get("key")
      for (const shown of [cache, peer, stored]) {
        const text = inspect(shown, { depth: Infinity, showHidden: true })
        assert.doesNotMatch(text, /access-writer|refresh-writer/)
      }
      assert.doesNotMatch(JSON.stringify(stored), /access-writer|refresh-writer/)
    },
  },
]
