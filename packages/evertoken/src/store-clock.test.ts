import { expect, test } from "vitest"
import { inClockOfReader, offsetOfStore } from "./store-clock.js"
import type { StoredToken } from "./token-cache.js"
import { Token } from "./token.js"

const VERSION = { lineage: "lineage", generation: 1, id: "id" }
const RECORD: StoredToken = {
  version: VERSION,
  token: new Token({
    accessToken: "access",
    refreshToken: "refresh",
    issuedAt: 1_000_000,
    staleAt: 2_000_000,
    expiresAt: 3_000_000,
    version: VERSION,
  }),
  fingerprint: "fingerprint",
  lineages: ["lineage"],
}

test("a host whose clock is ten minutes ahead of the writer's reads all times ten minutes later", () => {
  const token = RECORD.token?.with({ refreshTokenExpiresAt: 9_000_000 })
  const read = inClockOfReader({ ...RECORD, token, restoredAt: 10 }, { writerMs: 0, readerMs: -600_000 })
  expect(read.token).toMatchObject({
    issuedAt: 1_600_000,
    staleAt: 2_600_000,
    expiresAt: 3_600_000,
    refreshTokenExpiresAt: 9_600_000,
    accessToken: "access",
    refreshToken: "refresh",
    version: VERSION,
  })
  expect(read).toMatchObject({
    version: VERSION,
    fingerprint: "fingerprint",
    lineages: ["lineage"],
    restoredAt: 600_010,
  })
})

test("and one that is behind earlier; what is not there is not made up", () => {
  const read = inClockOfReader(RECORD, { writerMs: -300_000, readerMs: 300_000 })
  expect(read.token).toMatchObject({ issuedAt: 400_000, expiresAt: 2_400_000, refreshTokenExpiresAt: undefined })
})

test.each([999, -999])("clocks that agree within a second are the same: %i ms", (writerMs) => {
  expect(inClockOfReader(RECORD, { writerMs, readerMs: 0 })).toBe(RECORD)
})

test.each([1_000, -1_000])("and others are not: %i ms", (writerMs) => {
  expect(inClockOfReader(RECORD, { writerMs, readerMs: 0 }).token?.expiresAt).toBe(3_000_000 + writerMs)
})

test("of a sealed token the difference is kept beside it, for whoever opens it", () => {
  const sealed: StoredToken = { version: VERSION, sealed: { jwe: "a.b.c.d.e" }, lineages: [] }
  const read = inClockOfReader(sealed, { writerMs: 5_000, readerMs: 0 })
  expect(read.sealed).toEqual({ jwe: "a.b.c.d.e", shiftMs: 5_000 })
  expect(read.token).toBeUndefined()
})

test("the mark of a sign-out has no times", () => {
  const mark: StoredToken = { version: VERSION, lineages: [] }
  expect(inClockOfReader(mark, { writerMs: 5_000, readerMs: 0 })).toEqual(mark)
})

test.each([
  ["a store that agrees", { storeNow: 1_005, askedAt: 1_000, answeredAt: 1_010 }, 0],
  ["one that is ahead", { storeNow: 601_005, askedAt: 1_000, answeredAt: 1_010 }, 599_995],
  ["one that is behind", { storeNow: 1_005, askedAt: 601_000, answeredAt: 601_010 }, -599_995],
  ["one that agrees, and answered three minutes late", { storeNow: 180_000, askedAt: 0, answeredAt: 180_005 }, 0],
  ["one that agrees, and whose answer took three minutes", { storeNow: 5, askedAt: 0, answeredAt: 180_005 }, 0],
  ["one that was asked before this clock was set back", { storeNow: 1_000, askedAt: 1_000, answeredAt: 500 }, 0],
])("by how much the clock of %s is ahead is what the exchange proves, and no more", (_store, reading, offsetMs) => {
  expect(offsetOfStore(reading)).toBe(offsetMs)
})

test.each([NaN, Infinity, -9e15])(
  "an offset that no clock can have, %s, counts as none: the record is read as it is",
  (writerMs) => {
    expect(inClockOfReader(RECORD, { writerMs, readerMs: 0 })).toBe(RECORD)
  },
)

test("a token that lasts to the end of time is read on a host whose clock is ahead", () => {
  const token = RECORD.token?.with({ expiresAt: 8.64e15 })
  const read = inClockOfReader({ ...RECORD, token }, { writerMs: 0, readerMs: -600_000 })
  expect(read.token).toMatchObject({ issuedAt: 1_600_000, expiresAt: 8.64e15 })
})
