import { createHash } from "node:crypto"
import { CompactEncrypt, compactDecrypt } from "jose"
import { inClockOfReader } from "../store-clock.js"
import { decodeRecord, encodeRecord, LARGEST_RECORD_BYTES, own, parseObject, spentNext } from "../stored-record.js"
import type { StoredToken } from "../token-cache.js"
import { cryptoKeyOf, type EncryptionKey } from "./encryption-key.js"
import type { Keyring } from "./keyring.js"

/** What was sealed, or why it cannot be opened, in words without its content. */
export type Opened = { readonly record: StoredToken } | { readonly record?: never; readonly problem: string }

/**
 * `record` with its token encrypted: a JWE (RFC 7516), `dir` with A256GCM (RFC 7518). What stays readable beside it, and
 * the `key` that it is kept under, are bound in: neither can be altered, and it opens nowhere else. A record without a
 * token stays as it is.
 */
export async function sealRecord(key: string, record: StoredToken, by: EncryptionKey): Promise<StoredToken> {
  const { version, token, sealed, fingerprint, lineages } = record
  if (token === undefined && sealed === undefined) return record
  const encryption = new CompactEncrypt(encodeRecord(record)).setProtectedHeader(headerOf(key, record, by.id))
  const jwe = await encryption.encrypt(await cryptoKeyOf(by))
  return { version, fingerprint, lineages, sealed: { jwe, spends: spentNext(record) } }
}

/** The way back. Never rejects: whatever is there, it is what was sealed or a problem. */
export async function openRecord(key: string, record: StoredToken, keyring: Keyring): Promise<Opened> {
  const keyId = keyIdOf(record)
  if (keyId === undefined) return { problem: "what is there is no token that evertoken has encrypted" }
  const by = keyring.find(keyId)
  if (by === undefined) {
    const known = keyring.keyIds.join(", ")
    return { problem: `the token is encrypted with the key ${keyId}, and the keyring has ${known}: add that key` }
  }
  const { jwe = "", shiftMs = 0 } = record.sealed ?? {}
  // nothing but the very header that was written: no other algorithm, no compression, no parameter of any kind
  const isOurs = jwe.startsWith(`${encodedHeader(headerOf(key, record, keyId))}.`)
  const plaintext = isOurs ? await decrypted(jwe, by) : undefined
  if (plaintext === undefined) return { problem: "the encrypted token was altered, or copied from another record" }
  const decoded = decodeRecord(plaintext)
  if (decoded.record === undefined) return { problem: `the encrypted token ${decoded.problem}` }
  return { record: inClockOfReader(decoded.record, { writerMs: shiftMs, readerMs: 0 }) }
}

/**
 * The {@link EncryptionKey.id} of the key that a record says it is encrypted with, to see which keys are still needed.
 * Undefined: it is not encrypted. Give it what the cache within has; nothing is decrypted or checked.
 */
export function keyIdOf({ sealed }: StoredToken): string | undefined {
  if (sealed === undefined || sealed.jwe.length > LARGEST_RECORD_BYTES) return undefined
  const [header = ""] = sealed.jwe.split(".", 1)
  if (header.length > LONGEST_HEADER) return undefined
  const keyId = own(parseObject(Buffer.from(header, "base64url")) ?? {}, "kid")
  return typeof keyId === "string" && KEY_ID.test(keyId) ? keyId : undefined
}

const LONGEST_HEADER = 1_000
const KEY_ID = /^[\da-f]{16}$/

function headerOf(key: string, record: StoredToken, kid: string) {
  return { alg: "dir", enc: "A256GCM", typ: "evertoken", kid, record: nameOf(key, record) } as const
}

/** A hash of all that is bound in. */
function nameOf(key: string, { version, fingerprint, lineages }: StoredToken): string {
  const { lineage, generation, id } = version
  const canonical = JSON.stringify([key, lineage, generation, id, fingerprint ?? null, lineages])
  return createHash("sha256").update(canonical).digest("base64url")
}

// as jose encodes it
function encodedHeader(header: object): string {
  return Buffer.from(JSON.stringify(header)).toString("base64url")
}

async function decrypted(jwe: string, by: EncryptionKey): Promise<Buffer | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, await cryptoKeyOf(by), {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
      maxDecompressedLength: 0,
    })
    return Buffer.from(plaintext)
  } catch {
    return undefined // what the library says may show what it has read
  }
}
