import assert from "node:assert/strict"
import { assertSameRecord, claimOf, mustCommit, recordOf, type ContractCase } from "./contract-case.js"

const ODD_KEYS: readonly string[] = [
  "",
  " ",
  "a",
  "A",
  ".",
  "..",
  "../x",
  "x",
  "/x",
  "a/b",
  "a\\b",
  "a:b",
  "a*",
  "{a}b",
  "nul\0byte",
  "two\nlines",
  "caf\u00e9",
  "cafe\u0301",
  "\u{1f511}",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  `${"long".repeat(1_000)}1`,
  `${"long".repeat(1_000)}2`,
]

/** What a cache of more than one key promises about them. */
export const keyCases: readonly ContractCase[] = [
  {
    title: "each key has its own record, whatever characters it is made of",
    async run({ cache, peer, clockToleranceMs }) {
      for (const key of ODD_KEYS) assert.equal(await cache.get(key), undefined, `nothing under ${shown(key)}`)
      for (const [i, key] of ODD_KEYS.entries()) await mustCommit(cache, recordOf(1, `key-${i}`), undefined, key)
      for (const [i, key] of ODD_KEYS.entries()) {
        assertSameRecord(await peer.get(key), recordOf(1, `key-${i}`), clockToleranceMs)
      }
    },
  },
  {
    title: "signing out of one key leaves the others",
    async run({ cache, peer, clockToleranceMs }) {
      await mustCommit(cache, recordOf(1, "a"), undefined, "a")
      await mustCommit(cache, recordOf(1, "b"), undefined, "b")
      await cache.delete("a")
      assert.equal((await peer.get("a"))?.token, undefined)
      assertSameRecord(await peer.get("b"), recordOf(1, "b"), clockToleranceMs)
    },
  },
]

/** What a cache of more than one key promises about claims. */
export const keyClaimCases: readonly ContractCase[] = [
  {
    title: "claims of one key do not concern another",
    async run({ cache, peer }) {
      const a = claimOf(cache, { key: "a" })
      const b = claimOf(peer, { key: "b" })
      assert.equal(await a.take(1), true)
      await a.markSent()
      await a.reject()
      assert.deepEqual(await b.look(), {
        n: 0,
        owner: "none",
        othersAlive: false,
        sentAgoMs: undefined,
        rejected: false,
      })
      assert.equal(await b.take(1), true)
      await b.release("all")
      assert.equal(await a.isHeld(), true)
    },
  },
]

function shown(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key)
}
