import { createPublicKey, generateKeyPairSync, webcrypto, type KeyObject } from "node:crypto"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { signingKeyOf, type PrivateKey } from "./signing-key.js"

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey
const p521 = generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
const ed25519 = generateKeyPairSync("ed25519").privateKey

const pem = (key: KeyObject) => key.export({ format: "pem", type: "pkcs8" }).toString()
const jwk = (key: KeyObject) => key.export({ format: "jwk" })

describe("signingKeyOf", () => {
  it.each([
    ["RSA", rsa, "RS256"],
    ["P-256", p256, "ES256"],
    ["P-384", p384, "ES384"],
    ["P-521", p521, "ES512"],
    ["Ed25519", ed25519, "EdDSA"],
  ])("signs with a key of kind %s by its usual algorithm, in whatever form it comes", async (_, key, algorithm) => {
    for (const form of [key, jwk(key), pem(key)]) {
      const signingKey = signingKeyOf({ key: form })
      expect(signingKey.algorithm).toBe(algorithm)
      expect(await signingKey.load()).toMatchObject({ type: "private", extractable: false, usages: ["sign"] })
    }
  })

  it("takes algorithm and key id from a JWK, unless they are given", () => {
    const key = { ...jwk(rsa), alg: "PS384", kid: "own" }
    expect(signingKeyOf({ key })).toMatchObject({ algorithm: "PS384", keyId: "own" })
    expect(signingKeyOf({ key, algorithm: "RS512", keyId: "given" })).toMatchObject({
      algorithm: "RS512",
      keyId: "given",
    })
  })

  it("takes a WebCrypto key as it is", async () => {
    const { privateKey } = await ecdsaPair(["sign", "verify"])
    const signingKey = signingKeyOf({ key: privateKey, keyId: "1" })
    expect(signingKey).toMatchObject({ algorithm: "ES256", keyId: "1" })
    expect(await signingKey.load()).toBe(privateKey)
  })

  it("finds the one algorithm of a WebCrypto key with a hash", async () => {
    const parameters = {
      name: "RSA-PSS",
      hash: "SHA-384",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    }
    const { privateKey } = await webcrypto.subtle.generateKey(parameters, false, ["sign", "verify"])
    expect(signingKeyOf({ key: privateKey }).algorithm).toBe("PS384")
    expect(() => signingKeyOf({ key: privateKey, algorithm: "PS256" })).toThrow(/algorithm must be PS384/)
  })
})

describe("a key that cannot sign is refused at construction", () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ["a public key", createPublicKey(p256), /is not a private key/],
    ["a public JWK", createPublicKey(p256).export({ format: "jwk" }), /cannot be read/],
    ["PEM text that is none", "-----BEGIN nothing", /cannot be read/],
    ["nothing", undefined, /cannot be read/],
    ["an RSA key of 1,024 bits", weak, /1024 bits/],
    ["an X25519 key", generateKeyPairSync("x25519").privateKey, /kind/],
  ]
  it.each(wrong)("%s", (_, key, message) => {
    expect(() => signingKeyOf({ key: key as PrivateKey })).toThrow(TypeError)
    expect(() => signingKeyOf({ key: key as PrivateKey })).toThrow(message)
  })

  it("a WebCrypto key that is public", async () => {
    const { publicKey } = await ecdsaPair(["sign", "verify"])
    expect(() => signingKeyOf({ key: publicKey })).toThrow(/clientAuthentication.key is no private key/)
  })

  it("a key of another kind than the algorithm given, naming those that fit", () => {
    expect(() => signingKeyOf({ key: p256, algorithm: "RS256" })).toThrow(
      "clientAuthentication.algorithm must be ES256 with this key; got RS256",
    )
  })

  it("shows nothing of the key", () => {
    const key = { ...jwk(p256), crv: "P-000" }
    const error = caught(() => signingKeyOf({ key }))
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(key.d)
  })
})

function ecdsaPair(usages: webcrypto.KeyUsage[]) {
  return webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, usages)
}

function caught(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}
