import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { keyBytes } from "./key-material.js"

const bytes = randomBytes(32)

test.each([
  ["base64", bytes.toString("base64")],
  ["base64 without padding", bytes.toString("base64").replace(/=$/, "")],
  ["base64url", bytes.toString("base64url")],
  ["hex", bytes.toString("hex")],
  ["hex in capitals", bytes.toString("hex").toUpperCase()],
  ["base64 with white space around it, as a file has", ` ${bytes.toString("base64")}\r\n`],
])("a key is taken from a text of its bytes: %s", (_name, text) => {
  expect(Buffer.from(keyBytes("the key", text))).toEqual(bytes)
})

test("a key is taken as bytes, and kept when the caller changes them", () => {
  const given = Uint8Array.from(bytes)
  const taken = keyBytes("the key", given)
  given.fill(0)
  expect(Buffer.from(taken)).toEqual(bytes)
})

test("what is no key is refused by name, with what mends it, and is not shown", () => {
  const unfit: readonly [unknown, string][] = [
    ["", "is empty"],
    [" \n", "is empty"],
    ["correct horse battery staple", "is no text of 32 bytes in base64, base64url or hex"],
    [randomBytes(16).toString("base64"), "is no text of 32 bytes in base64, base64url or hex"],
    [randomBytes(16).toString("hex"), "is no text of 32 bytes in base64, base64url or hex"],
    [randomBytes(48).toString("base64"), "is no text of 32 bytes in base64, base64url or hex"],
    [`${bytes.toString("base64url").slice(0, 41)}-+=`, "is no text of 32 bytes in base64, base64url or hex"],
    [randomBytes(16), "has 16 bytes, and must have 32"],
    [randomBytes(33), "has 33 bytes, and must have 32"],
    [Buffer.from("correct horse battery staple 123"), "is a text, not random bytes"],
    [Buffer.from(randomBytes(16).toString("hex")), "is a text, not random bytes"],
    [Buffer.from("correct horse battery staple 123").toString("base64"), "is a text, not random bytes"],
    [Buffer.alloc(32), "repeats itself, and is not random"],
    ["ab".repeat(32), "repeats itself, and is not random"],
  ]
  for (const [material, problem] of unfit) {
    expect(() => keyBytes("the key in x", material)).toThrow(
      new TypeError(`the key in x ${problem}: make one by \`openssl rand -base64 32\``),
    )
  }
})

test.each([undefined, null, 5, {}, [1, 2], new ArrayBuffer(32)])(
  "what is neither bytes nor text is refused: %s",
  (given) => {
    expect(() => keyBytes("the key", given)).toThrow(/^the key must be 32 bytes, or a text of them; got /)
  },
)
