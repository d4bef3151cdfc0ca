import { createHash } from "node:crypto"
import fc from "fast-check"
import { EncryptionKey } from "../../../packages/evertoken/src/encryption/encryption-key.js"
import { Keyring } from "../../../packages/evertoken/src/encryption/keyring.js"
import { keyIdOf, openRecord, sealRecord } from "../../../packages/evertoken/src/encryption/sealed-record.js"
import { decodeRecord, encodeRecord } from "../../../packages/evertoken/src/stored-record.js"
import { damaged, join, objectText, oddText, text } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { promise, promiseToken, promiseUntold } from "../promises.js"
import { soundRecord } from "./stored-record.js"

// always the same, so that an input that is kept as a regression can be opened
const key = EncryptionKey.from(createHash("sha256").update("fuzz").digest())
const keyring = new Keyring([key])
const NAME = "key"

const original = decodeRecord(Buffer.from(soundRecord(7))).record ?? missing()
const sealed = await sealRecord(NAME, original, key)
const parts = sealed.sealed?.jwe.split(".") ?? []

const base64url = (content: string) => Buffer.from(content).toString("base64url")

const headers = objectText({
  alg: text("dir", "PBES2-HS512+A256KW", "A256KW", "RSA-OAEP", "none"),
  enc: text("A256GCM", "A128CBC-HS256", "A128GCM"),
  typ: text("evertoken", "JWT"),
  kid: text(key.id, "0123456789abcdef", "k".repeat(5_000)),
  record: text("x"),
  zip: text("DEF"),
  crit: text(["exp"], ["b64"]),
  p2c: text(2 ** 31),
  p2s: text("AAAAAAAAAAAAAAAA"),
  epk: text({ kty: "EC" }),
  jwk: text({ kty: "oct", k: "AAAA" }),
})

const segment = (at: number) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(parts[at] ?? "") }, oddText.map(base64url), oddText)
const header = fc.oneof({ weight: 3, arbitrary: headers.map(base64url) }, segment(0))
const jwes = fc.tuple(header, segment(1), segment(2), segment(3), segment(4)).map((each) => each.join("."))

const recordTexts = fc.oneof(jwes, oddText).map((jwe) => new Uint8Array(encodeRecord({ ...sealed, sealed: { jwe } })))

/** A store of encrypted tokens to which somebody else can write. */
export const sealedRecord: FuzzTarget = {
  name: "sealed-record",
  share: 60,
  inputs: fc.oneof(recordTexts, damaged(fc.constant(join(encodeRecord(sealed))))),
  check: async (input) => {
    const { record } = decodeRecord(Buffer.from(input))
    if (record?.sealed === undefined) return
    promise(/^[\da-f]{16}$/.test(keyIdOf(record) ?? key.id), "what names a key is 16 hex digits")
    const opened = await openRecord(NAME, record, keyring)
    if (opened.record === undefined) {
      promise(/^[\w ()+\-:,.']{5,200}$/.test(opened.problem), "a problem is told in a few plain words")
      promiseUntold(opened.problem, "a problem")
      return
    }
    promise(encodeRecord(opened.record).equals(encodeRecord(original)), "nothing is opened but what was sealed")
    if (opened.record.token !== undefined) promiseToken(opened.record.token)
  },
}

function missing(): never {
  throw new Error("the sound record cannot be read")
}
