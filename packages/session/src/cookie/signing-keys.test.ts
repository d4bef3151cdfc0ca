import { createHmac, randomBytes, webcrypto } from "node:crypto"
import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { SigningKeys } from "./signing-keys.js"

const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + 5) % 256))
const longer = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 53 + 200) % 256))

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof TypeError) return error.message
  }
  throw new Error("no TypeError was thrown")
}

describe("signing keys", () => {
  test.each([
    ["hex", bytes.toString("hex")],
    ["hex in capitals", bytes.toString("hex").toUpperCase()],
    ["base64", bytes.toString("base64")],
    ["base64url", bytes.toString("base64url")],
    ["base64 with white space around it", `\n ${bytes.toString("base64")} \n`],
  ])("a text of a key in %s is the key", (_, text) => {
    expect(new SigningKeys([text]).first.id).toBe(new SigningKeys([bytes]).first.id)
  })

  test("a key may have more than 32 bytes", () => {
    expect(new SigningKeys([longer.toString("hex")]).first.id).toBe(new SigningKeys([longer]).first.id)
    expect(new SigningKeys([longer.toString("base64url")]).first.id).toBe(new SigningKeys([longer]).first.id)
  })

  test("the first signs, and all are found by their ids", () => {
    const [old, next] = [new SigningKeys([bytes]).first.id, new SigningKeys([longer]).first.id]
    const keys = new SigningKeys([longer, bytes])
    expect(keys.first.id).toBe(next)
    expect(keys.find(next)?.id).toBe(next)
    expect(keys.find(old)?.id).toBe(old)
    for (const id of ["", undefined, 7, "0123456789abcdef"]) expect(keys.find(id)).toBeUndefined()
  })

  test("an id tells nothing of its key", () => {
    const { id } = new SigningKeys([bytes]).first
    expect(id).toMatch(/^[\da-f]{16}$/)
    expect(bytes.toString("hex")).not.toContain(id)
    expect(createHmac("sha256", bytes).update("").digest("hex")).not.toContain(id)
  })

  test("a key cannot be exported from memory, and does not change with the bytes it was given as", async () => {
    const mine = Uint8Array.from(bytes)
    const keys = new SigningKeys([mine])
    mine.fill(0)
    const key = await keys.first.cryptoKey
    expect(key.extractable).toBe(false)
    const signature = await webcrypto.subtle.sign("HMAC", key, Buffer.from("x"))
    expect(Buffer.from(signature).toString("hex")).toBe(createHmac("sha256", bytes).update("x").digest("hex"))
  })

  test("nothing shows them by accident", () => {
    const keys = new SigningKeys([bytes, longer])
    const shown = [
      inspect(keys, { depth: 9, showHidden: true }),
      JSON.stringify(keys),
      JSON.stringify(Object.entries(keys)),
    ]
    for (const text of shown) {
      for (const form of ["hex", "base64", "base64url"] as const) expect(text).not.toContain(bytes.toString(form))
      expect(text).not.toContain(bytes.toString("hex").slice(0, 8))
    }
    expect(inspect(keys)).toContain(keys.first.id)
  })

  test.each<[string, unknown, RegExp]>([
    ["none", undefined, /^signingKeys must be an array of keys, at least one/],
    ["an empty list", [], /^signingKeys must be an array of keys, at least one/],
    ["one that is no list", bytes, /^signingKeys must be an array of keys, at least one/],
    ["an empty text", [""], /^signingKeys\[0\] is empty: make one by/],
    ["something else", [bytes, 7], /^signingKeys\[1\] must be 32 bytes or more, or a text of them$/],
    ["undefined", [undefined], /^signingKeys\[0\] must be 32 bytes or more, or a text of them$/],
    ["31 bytes", [bytes.subarray(1)], /^signingKeys\[0\] has 31 bytes, and must have 32 or more/],
    ["the hex of 31 bytes", [bytes.toString("hex").slice(2)], /^signingKeys\[0\] has 31 bytes/],
    ["the base64 of 31 bytes", [bytes.subarray(1).toString("base64")], /^signingKeys\[0\] has 31 bytes/],
    ["hex with a digit lost", [bytes.toString("hex").slice(1)], /^signingKeys\[0\] is no text of 32 bytes or more/],
    ["a passphrase", ["correct horse battery staple, and some more of it"], /^signingKeys\[0\] is no text of 32 bytes/],
    ["a passphrase as bytes", [Buffer.from("correct horse battery staple, and more")], /^signingKeys\[0\] is a text/],
    ["zeros", [new Uint8Array(32)], /^signingKeys\[0\] repeats itself/],
  ])("%s is refused by a TypeError that says which, and why", (_, given, message) => {
    expect(messageOf(() => new SigningKeys(given as string[]))).toMatch(message)
  })

  test("what is wrong with a key is told without a part of it", () => {
    const secrets = [
      "correct horse battery staple",
      randomBytes(20).toString("hex"),
      randomBytes(24).toString("base64"),
    ]
    for (const secret of secrets) {
      const message = messageOf(() => new SigningKeys([secret]))
      expect(message).not.toContain(secret.slice(0, 6))
    }
  })
})
