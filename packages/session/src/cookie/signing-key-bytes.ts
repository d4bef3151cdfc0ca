/** As many as HS256 takes at least (RFC 7518, section 3.2). */
const LEAST_BYTES = 32
const LEAST_DISTINCT = 8

const HEX = /^[\da-f]+$/i
const BASE64 = /^(?:[\w-]+|[A-Za-z\d+/]+)={0,2}$/

/**
 * The bytes of a key: as they are, or from a text of them in base64, base64url or hex; white space around it does not
 * count.
 * @throws TypeError that begins with `name`, and shows nothing of the key.
 */
export function signingKeyBytes(name: string, material: unknown): Uint8Array {
  const bytes = typeof material === "string" ? decoded(name, material.trim()) : material
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`${name} must be ${LEAST_BYTES} bytes or more, or a text of them`)
  }
  if (bytes.byteLength < LEAST_BYTES) {
    throw unfit(name, `has ${bytes.byteLength} bytes, and must have ${LEAST_BYTES} or more`)
  }
  // random bytes never look so; a passphrase always does
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) throw unfit(name, "is a text, not random bytes")
  if (new Set(bytes).size < LEAST_DISTINCT) throw unfit(name, "repeats itself, and is not random")
  return Uint8Array.from(bytes)
}

function decoded(name: string, text: string): Uint8Array {
  if (text === "") throw unfit(name, "is empty")
  // the hex of a key that is too short is base64 of one that is not: whatever can be hex is
  if (HEX.test(text) && text.length % 2 === 0) return Buffer.from(text, "hex")
  if (BASE64.test(text) && !HEX.test(text)) return Buffer.from(text, "base64")
  throw unfit(name, `is no text of ${LEAST_BYTES} bytes or more in base64, base64url or hex`)
}

function unfit(name: string, problem: string): TypeError {
  return new TypeError(`${name} ${problem}: make one by \`openssl rand -base64 32\``)
}
