import fc from "fast-check"
import { decodeRecord, encodeRecord } from "../../../packages/evertoken/src/stored-record.js"
import { readTokenText } from "../../../packages/evertoken/src/file/token-text.js"
import { deserializeToken, Token } from "../../../packages/evertoken/src/token.js"
import { anyBytes, bytesOf, damaged, objectText, text, textOf } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { CANARY, promise, promiseToken, promiseUntold } from "../promises.js"

const NOW = Date.parse("2026-01-01T00:00:00Z")
const times = { issuedAt: NOW - 1_000, staleAt: NOW + 1_000, expiresAt: NOW + 2_000 }
const secrets = { accessToken: CANARY, refreshToken: CANARY, idToken: CANARY }

/** A store as it should be. */
export function soundRecord(generation: number): Uint8Array {
  const version = { lineage: "lineage", generation, id: `id-${generation}` }
  const token = new Token({ ...secrets, ...times, scope: "read", version })
  return new Uint8Array(encodeRecord({ version, token, fingerprint: "f.g", lineages: ["one", "two"] }))
}

const tokenFields = objectText({
  accessToken: text(CANARY, "", "[redacted]"),
  tokenType: text("Bearer", "DPoP"),
  issuedAt: text(NOW - 1_000, 0),
  staleAt: text(NOW + 1_000),
  expiresAt: text(NOW + 2_000, NOW),
  refreshToken: text(CANARY),
  refreshTokenExpiresAt: text(NOW),
  idToken: text(CANARY),
  scope: text("read"),
  version: text({ lineage: "l", generation: 1, id: "i" }),
})

const recordTexts = tokenFields.chain((token) =>
  objectText({
    evertoken: text(1, 2),
    version: text({ lineage: "l", generation: 1, id: "i" }, { lineage: "l", generation: 2 ** 52, id: "i" }),
    fingerprint: text("f.g"),
    lineages: text(["one"], []),
    token: fc.constant(token),
  }),
)

export const recordInputs = fc.oneof(
  { weight: 4, arbitrary: damaged(fc.constantFrom(soundRecord(1), soundRecord(7))) },
  { weight: 2, arbitrary: bytesOf(recordTexts) },
  bytesOf(fc.json()),
  anyBytes,
)

/** The file of a `FileTokenCache`. */
export const storedRecord: FuzzTarget = {
  name: "stored-record",
  share: 150,
  inputs: recordInputs,
  check: (input) => {
    const decoded = decodeRecord(Buffer.from(input))
    if (decoded.record === undefined) {
      promise(/^[\w ()+\-:,.']{5,120}$/.test(decoded.problem), "a problem is told in a few plain words")
      promiseUntold(decoded.problem, "a problem")
      promise(Number.isSafeInteger(decoded.generation) && decoded.generation >= 0, "a generation can be counted on")
      return
    }
    const { record } = decoded
    promise(Number.isSafeInteger(record.version.generation + 1), "a generation can be counted on")
    if (record.token !== undefined) promiseToken(record.token)
    const again = encodeRecord(record)
    const same = decodeRecord(again).record
    promise(same !== undefined && encodeRecord(same).equals(again), "a record that was read can be written and read")
  },
}

const readable = objectText({
  access_token: text(CANARY),
  accessToken: text(CANARY),
  token_type: text("Bearer"),
  refresh_token: text(CANARY),
  expires_in: text(3600, "3600"),
  expires_at: text(NOW / 1000 + 60, NOW + 60_000),
  expiry: text("2026-01-01T01:00:00Z", "2025-01-01T00:00:00Z"),
  expiresAt: text(NOW + 60_000),
})

const tokenTexts = fc.oneof(bytesOf(readable), damaged(bytesOf(readable)), recordInputs, bytesOf(fc.constant(CANARY)))

/** The file of a `FileTokenSource`, which some other program writes. */
export const tokenText: FuzzTarget = {
  name: "token-text",
  share: 120,
  inputs: tokenTexts,
  check: (input) => {
    const [first = 0] = input
    for (const writtenAt of [NOW - first * 1e6, NOW + 1e6]) {
      const found = readTokenText(Buffer.from(input), { now: NOW, writtenAt, lifetimeMs: 300_000 })
      if (found.token === undefined) {
        promise(found.problem.length < 120, "a problem is told in a few words")
        promiseUntold(found.problem, "a problem")
      } else {
        promiseToken(found.token)
        promise(found.token.refreshToken === undefined, "a refresh token is not taken from there")
      }
    }
  },
}

/** What `deserializeToken` is given by caches of an application's own. */
export const serializedToken: FuzzTarget = {
  name: "serialized-token",
  share: 90,
  inputs: fc.oneof({ weight: 3, arbitrary: bytesOf(tokenFields) }, bytesOf(fc.json())),
  check: (input) => {
    let token: Token
    try {
      token = deserializeToken(parsed(textOf(input)))
    } catch (error) {
      promise(error instanceof TypeError, `a failure is a TypeError`)
      promiseUntold(error, "a failure")
      return
    }
    promiseToken(token)
  },
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
