import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { StoredToken } from "./token-cache.js"
import { serializeToken, Token } from "./token.js"
import { decodeRecord, encodeRecord } from "./stored-record.js"

const TOKEN = new Token({
  accessToken: "access",
  refreshToken: "refresh",
  idToken: "id",
  scope: "read write",
  issuedAt: 1_000,
  staleAt: 2_000,
  expiresAt: 3_000,
  refreshTokenExpiresAt: 4_000,
})
const RECORD: StoredToken = {
  version: { lineage: "lineage", generation: 7, id: "id" },
  token: TOKEN,
  fingerprint: "grant.access",
  lineages: ["first", "second"],
}

const encoded = (change: object, record = RECORD) =>
  Buffer.from(JSON.stringify({ ...(JSON.parse(encodeRecord(record).toString()) as object), ...change }))

describe("a record in a file", () => {
  test("is read as it was written", () => {
    const { record } = decodeRecord(encodeRecord(RECORD))
    expect(record).toMatchObject({
      version: RECORD.version,
      fingerprint: "grant.access",
      lineages: ["first", "second"],
    })
    expect(record?.token && serializeToken(record.token)).toEqual({ ...serializeToken(TOKEN), version: RECORD.version })
  })

  test("without a token is the mark of a sign-out", () => {
    const decoded = decodeRecord(encodeRecord({ version: RECORD.version, lineages: [] }))
    expect(decoded.record).toEqual({ version: RECORD.version, fingerprint: undefined, lineages: [] })
  })

  test("that was put back says when", () => {
    expect(decodeRecord(encodeRecord({ ...RECORD, restoredAt: 5_000 })).record?.restoredAt).toBe(5_000)
    expect(decodeRecord(encodeRecord(RECORD)).record).not.toHaveProperty("restoredAt")
  })

  test("may have been made by hand, without lineages and with properties of others", () => {
    const decoded = decodeRecord(encoded({ lineages: undefined, comment: "from the other machine" }))
    expect(decoded.record?.lineages).toEqual([])
    expect(decoded.record).not.toHaveProperty("comment")
  })

  test.each([
    ["nothing", Buffer.alloc(0), "is empty"],
    ["more than can be ours", undefined, "is far too large"],
    ["half of a record", encodeRecord(RECORD).subarray(0, 100), "torn"],
    ["zeros", Buffer.alloc(500), "torn"],
    ["a JSON string", Buffer.from('"text"'), "no JSON object"],
    ["another program's JSON", Buffer.from('{"access_token":"secret"}'), "no token store of evertoken"],
    ["format 0", encoded({ evertoken: 0 }), "no token store of evertoken"],
    ["no version", encoded({ version: undefined }), "no valid version"],
    [
      "a generation that nobody can count on from",
      encoded({ version: { ...RECORD.version, generation: 2 ** 53 - 1 } }),
      "version",
    ],
    ["a negative generation", encoded({ version: { ...RECORD.version, generation: -1 } }), "version"],
    ["a fingerprint that is none", encoded({ fingerprint: 1 }), "fingerprint"],
    ["lineages that are none", encoded({ lineages: ["first", 2] }), "lineages"],
    ["a time of restoring that is none", encoded({ restoredAt: "yesterday" }), "restoredAt"],
    ["a token that is none", encoded({ token: "secret" }), "invalid token"],
    ["null for a token", encoded({ token: null }), "invalid token"],
    [
      "a token whose times are strings",
      encoded({ token: { ...serializeToken(TOKEN), expiresAt: "secret" } }),
      "invalid token",
    ],
    [
      "a token that splits a header",
      encoded({ token: { ...serializeToken(TOKEN), accessToken: "a\r\nb" } }),
      "invalid token",
    ],
  ])("%s is a problem told without its content", (_, bytes, said) => {
    const decoded = decodeRecord(bytes)
    expect(decoded).toMatchObject({ problem: expect.stringContaining(said) as string })
    expect(JSON.stringify(decoded)).not.toMatch(/secret|refresh/)
  })

  test("of a newer format is told as such, with the generation by which it counts", () => {
    expect(decodeRecord(encoded({ evertoken: 2 }))).toEqual({
      problem: "was written by a newer version of evertoken (format 2, this one knows 1)",
      generation: 7,
    })
  })

  test("takes nothing from a prototype that the file brings along", () => {
    const bytes = Buffer.from(`{"__proto__": ${encodeRecord(RECORD).toString()}}`)
    expect(decodeRecord(bytes)).toMatchObject({ problem: expect.any(String) as string })
    const token = `{"__proto__": {"accessToken": "secret"}, "issuedAt": 1, "staleAt": 1, "expiresAt": 1}`
    const whole = `{"evertoken": 1, "version": {"lineage": "l", "generation": 1, "id": "i"}, "token": ${token}}`
    expect(decodeRecord(Buffer.from(whole))).toMatchObject({ problem: "has an invalid token" })
  })

  test("never throws, whatever is in the file", () => {
    const anything = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.record({ version: fc.anything(), token: fc.anything(), lineages: fc.anything() }).map((change) => {
        const text = JSON.stringify({ ...RECORD, evertoken: 1, ...change }, (_, value: unknown) =>
          typeof value === "bigint" ? String(value) : value,
        )
        return Buffer.from(text)
      }),
    )
    fc.assert(
      fc.property(anything, (bytes) => {
        const decoded = decodeRecord(bytes)
        return decoded.record === undefined ? decoded.problem.length > 0 : decoded.record.version.generation >= 0
      }),
    )
  })
})

describe("a sealed token in a record", () => {
  const SEALED: StoredToken = { version: RECORD.version, sealed: { jwe: "a.b.c.d.e", shiftMs: 5 }, lineages: [] }

  test("is read as it was written; how the clocks differ is each reader's own", () => {
    expect(decodeRecord(encodeRecord(SEALED)).record?.sealed).toEqual({ jwe: "a.b.c.d.e" })
  })

  test("is no token in the clear, whatever stands beside it", () => {
    const both = decodeRecord(encoded({ token: serializeToken(TOKEN) }, SEALED))
    expect(both.record?.token).toBeUndefined()
    expect(both.record?.sealed).toEqual({ jwe: "a.b.c.d.e" })
  })

  test("is a problem if it is no text", () => {
    expect(decodeRecord(encoded({ sealed: 1 }))).toMatchObject({ problem: "has an invalid sealed token" })
  })
})
