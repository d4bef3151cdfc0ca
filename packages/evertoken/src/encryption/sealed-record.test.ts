import { randomBytes } from "node:crypto"
import { CompactEncrypt, decodeProtectedHeader } from "jose"
import { expect, test } from "vitest"
import { encodeRecord, LARGEST_RECORD_BYTES } from "../stored-record.js"
import type { StoredToken } from "../token-cache.js"
import { hashOf } from "../token-source.js"
import { serializeToken, Token } from "../token.js"
import { EncryptionKey } from "./encryption-key.js"
import { Keyring } from "./keyring.js"
import { keyIdOf, openRecord, sealRecord } from "./sealed-record.js"

const bytes = randomBytes(32)
const key = EncryptionKey.from(bytes)
const other = EncryptionKey.from(randomBytes(32))
const keyring = new Keyring([key])

const version = { lineage: "lineage", generation: 7, id: "id-7" }
const token = new Token({
  accessToken: "canary-access",
  refreshToken: "canary-refresh",
  idToken: "canary-id",
  scope: "canary-scope",
  issuedAt: 1_000,
  staleAt: 2_000,
  expiresAt: 3_000,
  version,
})
const record: StoredToken = { version, token, fingerprint: "f.g", lineages: ["one", "two"] }
const sealed = await sealRecord("alice", record, key)
const jwe = sealed.sealed?.jwe ?? ""
const [header = "", , iv = "", ciphertext = "", tag = ""] = jwe.split(".")

const ALTERED = { problem: "the encrypted token was altered, or copied from another record" }
const NO_JWE = { problem: "what is there is no token that evertoken has encrypted" }

const open = (changes: Partial<StoredToken>, name = "alice") => openRecord(name, { ...sealed, ...changes }, keyring)
const openText = (text: string) => open({ sealed: { jwe: text } })
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

test("what was sealed is opened in every field", async () => {
  const { record: opened } = await open({})
  expect(opened).toMatchObject({ version, fingerprint: "f.g", lineages: ["one", "two"] })
  expect(opened?.token && serializeToken(opened.token)).toEqual(serializeToken(token))
})

test("what is sealed has the version, the fingerprint and the lineages beside it, and nothing else in the clear", () => {
  const { sealed: _, ...beside } = sealed
  expect(beside).toEqual({ version, fingerprint: "f.g", lineages: ["one", "two"] })
  expect(decodeProtectedHeader(jwe)).toEqual({
    alg: "dir",
    enc: "A256GCM",
    typ: "evertoken",
    kid: key.id,
    record: expect.stringMatching(/^[\w-]{43}$/) as unknown,
  })
  const shown = [JSON.stringify(sealed), ...[header, iv, ciphertext, tag].map((part) => Buffer.from(part, "base64url"))]
  for (const text of shown) expect(text.includes("canary")).toBe(false)
})

test("what is sealed names its refresh token for the claims on it, and a token within another one, too", async () => {
  expect(sealed.sealed?.spends).toBe(hashOf("canary-refresh"))
  expect((await sealRecord("alice", sealed, other)).sealed?.spends).toBe(hashOf("canary-refresh"))
  const without = { ...record, token: token.with({ refreshToken: undefined }) }
  expect((await sealRecord("alice", without, key)).sealed?.spends).toBeUndefined()
})

test("the same record is never sealed twice alike", async () => {
  const again = await sealRecord("alice", record, key)
  expect(again.sealed?.jwe.split(".")[2]).not.toBe(iv)
})

test("a mark has nothing to seal", async () => {
  const mark = { version, lineages: ["one"] }
  expect(await sealRecord("alice", mark, key)).toBe(mark)
})

test("a record that was copied to another key, or has another version, fingerprint or lineage beside it, is refused", async () => {
  expect(await open({}, "bob")).toEqual(ALTERED)
  const altered: readonly Partial<StoredToken>[] = [
    { version: { ...version, generation: 8 } },
    { version: { ...version, id: "id-8" } },
    { version: { ...version, lineage: "another" } },
    { fingerprint: "f.h" },
    { fingerprint: undefined },
    { lineages: ["one"] },
    { lineages: ["one", "two", "three"] },
    { lineages: ["two", "one"] },
    { lineages: ["one,two"] },
    { lineages: [] },
  ]
  for (const changes of altered) expect(await open(changes)).toEqual(ALTERED)
})

test("no bit of it can be changed", async () => {
  for (const [at, part] of [header, iv, ciphertext, tag].entries()) {
    const raw = Buffer.from(part, "base64url")
    for (const index of [0, raw.length >> 1, raw.length - 1]) {
      const changed = Buffer.from(raw)
      changed[index] = (changed[index] ?? 0) ^ 1
      const parts = [header, "", iv, ciphertext, tag]
      parts[at === 0 ? 0 : at + 1] = changed.toString("base64url")
      expect([ALTERED, NO_JWE, { problem: expect.stringContaining("add that key") as unknown }]).toContainEqual(
        await openText(parts.join(".")),
      )
    }
  }
  for (const text of [
    jwe.slice(0, -1),
    `${jwe}A`,
    `${jwe}.`,
    `${header}.AAAA.${iv}.${ciphertext}.${tag}`,
    `${header}.`,
  ]) {
    expect(await openText(text)).toEqual(ALTERED)
  }
})

test("a key that is not in the keyring is named, and those that are", async () => {
  const problem = `the token is encrypted with the key ${key.id}, and the keyring has ${other.id}: add that key`
  expect(await openRecord("alice", sealed, new Keyring([other]))).toEqual({ problem })
})

test("a token is opened by whichever key sealed it", async () => {
  for (const keys of [
    [other, key],
    [key, other],
  ]) {
    expect((await openRecord("alice", sealed, new Keyring(keys))).record?.token?.accessToken).toBe("canary-access")
  }
})

test("another key under the same id does not open it", async () => {
  const forged = await new CompactEncrypt(encodeRecord(record))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", ...decodeProtectedHeader(jwe) })
    .encrypt(randomBytes(32))
  expect(forged.split(".")[0]).toBe(header)
  expect(await openText(forged)).toEqual(ALTERED)
})

// by one who has the key even, so that nothing but the header is wrong
test.each<[string, Record<string, unknown>]>([
  ["compressed", { zip: "DEF" }],
  ["with a header that must be understood", { crit: ["exp"], exp: 1 }],
  ["of another type", { typ: "JWT" }],
  ["with one parameter more", { cty: "JWT" }],
  ["of another content encryption", { enc: "A128CBC-HS256" }],
  ["of another key management", { alg: "A256GCMKW" }],
])("a token that is %s is refused", async (_, changes) => {
  const changed = { ...decodeProtectedHeader(jwe), ...changes } as { alg: string; enc: string }
  const forged = await new CompactEncrypt(encodeRecord(record))
    .setProtectedHeader(changed)
    .encrypt(bytes, { crit: { exp: true } })
    .catch(() => [encoded(changed), "", iv, ciphertext, tag].join("."))
  expect(await openText(forged)).toEqual(ALTERED)
})

test("a header that asks for much work is refused before any is done", async () => {
  const rest = ["AAAA", iv, ciphertext, tag].join(".")
  const kid = key.id
  const costly = { alg: "PBES2-HS512+A256KW", enc: "A256GCM", p2c: 2 ** 31, p2s: "AAAAAAAAAAAAAAAA", kid }
  expect(await openText(`${encoded(costly)}.${rest}`)).toEqual(ALTERED)
  const notOurs = [
    encoded({ kid: "a".repeat(10_000) }),
    encoded({ kid: "../../etc/passwd" }),
    encoded({ kid: { toString: "x" } }),
    encoded({ kid: `${kid}\n` }),
    encoded({ kid, padding: "x".repeat(2_000) }),
    encoded({ alg: "dir" }),
    encoded([kid]),
    encoded(null),
    Buffer.from('{"__proto__":{"kid":"0123456789abcdef"}}').toString("base64url"),
    "",
    "%%%",
    "canary",
  ]
  for (const each of notOurs) expect(await openText(`${each}.${rest}`)).toEqual(NO_JWE)
  expect(await openText(`${header}.${"A".repeat(LARGEST_RECORD_BYTES)}`)).toEqual(NO_JWE)
  expect(await openText("")).toEqual(NO_JWE)
})

test("what a newer version has sealed says so", async () => {
  const text = encodeRecord(record).toString().replace('"evertoken": 1', '"evertoken": 2')
  const newer = await new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", ...decodeProtectedHeader(jwe) })
    .encrypt(bytes)
  const problem = "the encrypted token was written by a newer version of evertoken (format 2, this one knows 1)"
  expect(await openText(newer)).toEqual({ problem })
})

test("the times within are moved to the clock of the reader", async () => {
  const { record: opened } = await open({ sealed: { jwe, shiftMs: 600_000 } })
  expect(opened?.token).toMatchObject({ issuedAt: 601_000, staleAt: 602_000, expiresAt: 603_000 })
})

test("which key a record needs is seen without any key", () => {
  expect(keyIdOf(sealed)).toBe(key.id)
  expect(keyIdOf(record)).toBeUndefined()
  expect(keyIdOf({ ...sealed, sealed: { jwe: "garbage" } })).toBeUndefined()
})
