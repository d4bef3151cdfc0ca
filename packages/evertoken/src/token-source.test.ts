import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { fingerprintOf, hashOf, sameGrant } from "./token-source.js"

test("a hash is the first 16 hex digits of SHA-256", () => {
  expect(hashOf("s3cret")).toBe(createHash("sha256").update("s3cret").digest("hex").slice(0, 16))
  expect(hashOf("")).toBe("e3b0c44298fc1c14")
})

test("a fingerprint tells none of its parts", () => {
  expect(fingerprintOf({ grant: ["issuer", "client"], access: ["read"] })).toMatch(/^[0-9a-f]{16}\.[0-9a-f]{16}$/)
})

test("what differs in any part, or in its place, has another fingerprint", () => {
  const fingerprints = [
    fingerprintOf({ grant: ["a", "b"], access: ["c"] }),
    fingerprintOf({ grant: ["b", "a"], access: ["c"] }),
    fingerprintOf({ grant: ["ab"], access: ["c"] }),
    fingerprintOf({ grant: ["a,b"], access: ["c"] }),
    fingerprintOf({ grant: ["a"], access: ["b", "c"] }),
    fingerprintOf({ grant: ["a", "b"], access: ["d"] }),
    fingerprintOf({ grant: ["a", "b"], access: ["c", undefined] }),
    fingerprintOf({ grant: ["a", undefined, "b"], access: ["c"] }),
    fingerprintOf({ grant: ["a", "", "b"], access: ["c"] }),
    fingerprintOf({ grant: [], access: [] }),
  ]
  expect(new Set(fingerprints).size).toBe(fingerprints.length)
})

test("the same parts have the same fingerprint, in every process", () => {
  const parts = { grant: ["https://id.example.com", "billing", undefined], access: ["read write", undefined] }
  expect(fingerprintOf(parts)).toBe("b25be8040219c6b3.908807ab91e97a7d")
})

test("a grant is the same whatever is asked under it", () => {
  const read = fingerprintOf({ grant: ["issuer", "client"], access: ["read"] })
  const write = fingerprintOf({ grant: ["issuer", "client"], access: ["write"] })
  const other = fingerprintOf({ grant: ["issuer", "other"], access: ["read"] })
  expect(sameGrant(read, write)).toBe(true)
  expect(sameGrant(read, other)).toBe(false)
  expect(sameGrant(read, undefined)).toBe(false)
  expect(sameGrant(undefined, undefined)).toBe(true)
})
