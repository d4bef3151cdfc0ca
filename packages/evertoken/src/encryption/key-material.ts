import { shownValue } from "../shown-value.js"

/** As many as AES-256 takes. */
export const KEY_BYTES = 32

/**
 * The bytes of a key: as they are, or from a text of them in base64, base64url or hex; white space around it does not
 * count.
 * @throws TypeError that begins with `name`, and shows nothing of the key.
 */
export function keyBytes(name: string, material: unknown): Uint8Array {
  const bytes = typeof material === "string" ? decoded(name, material.trim()) : material
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`${name} must be 32 bytes, or a text of them; got ${shownValue(bytes)}`)
  }
  if (bytes.byteLength !== KEY_BYTES) throw unfit(name, `has ${bytes.byteLength} bytes, and must have 32`)
  // one key in 10^13 looks so by chance; a passphrase always does, and so does the hex of a shorter key
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) throw unfit(name, "is a text, not random bytes")
  if (new Set(bytes).size < LEAST_DISTINCT) throw unfit(name, "repeats itself, and is not random")
  return Uint8Array.from(bytes)
}

const LEAST_DISTINCT = 8

const HEX = /^[\da-f]{64}$/i
const BASE64 = /^(?:[\w-]{43}|[A-Za-z\d+/]{43})=?$/

function decoded(name: string, text: string): Uint8Array {
  if (HEX.test(text)) return Buffer.from(text, "hex")
  if (BASE64.test(text)) return Buffer.from(text, "base64")
  throw unfit(name, text === "" ? "is empty" : "is no text of 32 bytes in base64, base64url or hex")
}

function unfit(name: string, problem: string): TypeError {
  return new TypeError(`${name} ${problem}: make one by \`openssl rand -base64 32\``)
}
