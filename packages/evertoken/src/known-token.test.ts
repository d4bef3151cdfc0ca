import { expect, test } from "vitest"
import { KnownToken } from "./known-token.js"
import type { StoredToken } from "./token-cache.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { Token } from "./token.js"

const clock = new VirtualClock()

function record(generation: number, { id = `id-${generation}`, lastsMs = 1_000, ...rest }: Options = {}): StoredToken {
  const issuedAt = clock.now()
  const { accessToken = `token-${id}`, refreshToken, ...others } = rest
  const token = new Token({ accessToken, issuedAt, staleAt: issuedAt, expiresAt: issuedAt + lastsMs, refreshToken })
  return { version: { lineage: "lineage", generation, id }, token, fingerprint: "own", lineages: ["one"], ...others }
}

interface Options extends Partial<StoredToken> {
  readonly id?: string
  readonly lastsMs?: number
  readonly accessToken?: string
  readonly refreshToken?: string
}

test("nothing known: nothing held, nothing left, anything is newer", () => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  expect([known.record, known.held, known.leftMs()]).toEqual([undefined, undefined, 0])
  expect(known.isOlderThan({ lineage: "any", generation: 0, id: "any" })).toBe(true)
})

test.each([
  [2, "id-2", true],
  [1, "other", true],
  [1, "id-1", false],
  [0, "id-0", false],
])("over generation 1 generation %i, %s, is adopted: %s", (generation, id, expected) => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.adopt(record(1))
  expect(known.isOlderThan({ lineage: "any", generation, id })).toBe(expected)
  expect(known.adopt(record(generation, { id }))).toBe(expected)
  expect(known.record?.version.id).toBe(expected ? id : "id-1")
})

test("what this process made does not replace what is of the same generation or higher", () => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.adopt(record(2))
  expect(known.take(record(1), { written: true })).toBe(false)
  expect(known.take(record(2, { id: "other" }), { written: true })).toBe(false)
  expect(known.record?.version.id).toBe("id-2")
  expect(known.take(record(2), { written: true })).toBe(true)
  expect(known.take(record(3), { written: true })).toBe(true)
  expect(known.held?.token.accessToken).toBe("token-id-3")
})

test("what is found in the authority is written", () => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.take(record(1), { written: false })
  expect(known.written).toBe(false)
  expect(known.adopt(record(1))).toBe(false)
  expect(known.written).toBe(true)
})

test.each([
  ["another fingerprint", { fingerprint: "other" }],
  ["a sign-out", { token: undefined }],
])("of %s nothing is served", (_, changes) => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.adopt(record(1))
  known.adopt(record(2, changes))
  expect(known.held).toBeUndefined()
  expect(known.record?.version.generation).toBe(2)
})

test("a token that never was valid is not served", () => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.adopt(record(1, { accessToken: "", lastsMs: 0, refreshToken: "refresh" }))
  expect(known.held).toBeUndefined()
  expect(known.leftMs()).toBe(0)
})

test("the token served has the version of its record", () => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.adopt(record(7))
  expect(known.held?.token.version).toEqual({ lineage: "lineage", generation: 7, id: "id-7" })
})

test.each([
  ["an older token of a later record", {}, true],
  ["a token that lasts longer", { lastsMs: 9_000 }, false],
  ["a token that lasts just as long", { lastsMs: 5_000 }, false],
  ["another refresh token", { refreshToken: "refresh" }, false],
  ["a sign-out", { token: undefined }, false],
  ["another fingerprint", { fingerprint: "other" }, false],
])("what could not be written outlasts %s: %s", (_, changes, expected) => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.take(record(1, { lastsMs: 5_000 }), { written: false })
  expect(known.outlasts(record(9, changes))).toBe(expected)
})

test("only what could not be written, and is still valid, outlasts anything later", () => {
  const written = new KnownToken(clock, { fingerprint: "own" })
  expect(written.outlasts(record(9))).toBe(false)
  written.take(record(1, { lastsMs: 5_000 }), { written: true })
  expect(written.outlasts(record(9))).toBe(false)
  const expired = new KnownToken(clock, { fingerprint: "own" })
  expired.take(record(1, { lastsMs: 0 }), { written: false })
  expect(expired.outlasts(record(9, { lastsMs: -1 }))).toBe(false)
  const later = new KnownToken(clock, { fingerprint: "own" })
  later.take(record(9, { lastsMs: 5_000 }), { written: false })
  expect(later.outlasts(record(8))).toBe(false)
})

test("renumbered, what could not be written follows what is there, and its lineages", () => {
  const known = new KnownToken(clock, { fingerprint: "own" })
  known.take(record(1), { written: false })
  known.renumber({ ...record(9), lineages: ["one", "two"] })
  expect(known.record?.version).toMatchObject({ lineage: "lineage", generation: 10 })
  expect(known.record?.token?.version).toEqual(known.record?.version)
  expect(known.record?.lineages).toEqual(["one", "two"])
  expect(known.held?.token.accessToken).toBe("token-id-1")
  expect(known.written).toBe(false)
})
