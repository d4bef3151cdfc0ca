import { randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { expect, test } from "vitest"
import { EncryptionKey } from "./encryption-key.js"
import { Keyring } from "./keyring.js"

const [a, b] = [EncryptionKey.from(randomBytes(32)), EncryptionKey.from(randomBytes(32))]

test("the first key encrypts, all are found by their id", () => {
  const keyring = new Keyring([a, b])
  expect(keyring.first).toBe(a)
  expect(keyring.keyIds).toEqual([a.id, b.id])
  expect([keyring.find(a.id), keyring.find(b.id), keyring.find("0000000000000000")]).toEqual([a, b, undefined])
})

test("other keys take over at once, and what the caller does to the list later does not count", () => {
  const keyring = new Keyring([a])
  const keys = [b, a]
  keyring.use(keys)
  keys.length = 0
  expect(keyring.keyIds).toEqual([b.id, a.id])
})

test("what are no keys is refused, and the keys there stay", () => {
  const keyring = new Keyring([a])
  for (const keys of [[], undefined, a, ["secret"], [a, undefined], [{ id: a.id }]]) {
    // @ts-expect-error whoever calls from JavaScript may give anything
    expect(() => keyring.use(keys)).toThrow(/^keys must be an array of EncryptionKeys, at least one/)
  }
  expect(keyring.keyIds).toEqual([a.id])
  expect(() => new Keyring([])).toThrow(TypeError)
})

test("a keyring shows the ids of its keys", () => {
  const keyring = new Keyring([a, b])
  expect(inspect(keyring, { showHidden: true })).toBe(`Keyring [ '${a.id}', '${b.id}' ]`)
  expect(JSON.stringify(keyring)).toBe(JSON.stringify({ keyIds: [a.id, b.id] }))
})
