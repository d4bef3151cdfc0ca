import { createHash, generateKeyPairSync } from "node:crypto"
import { inspect } from "node:util"
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from "jose"
import { describe, expect, it } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { DPoPKey } from "./dpop-key.js"

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
const request = { method: "POST", url: "https://id.example.com/token" }
const nonceIn = (proof: string) => decodeJwt(proof)["nonce"]

describe("a proof", () => {
  it("names method, URL without query and fragment, time and token, and is signed by the key in it", async () => {
    const clock = new VirtualClock()
    const key = await DPoPKey.generate({ clock })
    const url = "https://api.example.com:8443/a%20b?q=1#top"
    const { payload, protectedHeader } = await jwtVerify(
      await key.proof({ method: "GET", url, accessToken: "at" }),
      EmbeddedJWK,
      { typ: "dpop+jwt", algorithms: ["ES256"], currentDate: new Date(clock.now()) },
    )
    expect(payload).toEqual({
      jti: expect.stringMatching(/^[\w-]{20,}$/) as string,
      htm: "GET",
      htu: "https://api.example.com:8443/a%20b",
      iat: Math.floor(clock.now() / 1000),
      ath: createHash("sha256").update("at").digest("base64url"),
    })
    expect(protectedHeader.jwk).not.toHaveProperty("d")
    expect(await calculateJwkThumbprint(protectedHeader.jwk ?? {})).toBe(key.thumbprint)
  })

  it("for a token has no hash of one", async () => {
    expect(decodeJwt(await (await DPoPKey.generate()).proof(request))).not.toHaveProperty("ath")
  })

  it("is never the same twice", async () => {
    const key = await DPoPKey.generate()
    const proofs = await Promise.all(Array.from({ length: 10 }, () => key.proof(request)))
    expect(new Set(proofs.map((proof) => decodeJwt(proof).jti)).size).toBe(10)
  })

  it.each([
    ["KeyObject", p256],
    ["JWK", { ...p256.export({ format: "jwk" }), kid: "k1", use: "sig" }],
    ["PEM", p256.export({ format: "pem", type: "pkcs8" }).toString()],
  ])("is by the same key, given as %s", async (_, given) => {
    const key = await DPoPKey.from(given)
    expect(key.thumbprint).toBe(await calculateJwkThumbprint(p256.export({ format: "jwk" })))
    await jwtVerify(await key.proof(request), EmbeddedJWK)
  })

  it.each([
    ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, undefined],
    ["PS256", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, "PS256"],
    ["EdDSA", generateKeyPairSync("ed25519").privateKey, undefined],
  ] as const)("is by %s", async (name, given, algorithm) => {
    const proof = await (await DPoPKey.from(given, { algorithm })).proof(request)
    expect(decodeProtectedHeader(proof).alg).toBe(name)
    await jwtVerify(proof, EmbeddedJWK)
  })
})

describe("a nonce", () => {
  it("is for its origin, whatever the path, until there is a newer one", async () => {
    const key = await DPoPKey.generate()
    key.noteNonce("https://id.example.com/token", "old")
    key.noteNonce("https://id.example.com/elsewhere", "new")
    expect(nonceIn(await key.proof(request))).toBe("new")
    for (const url of ["https://id.example.com:8443/token", "http://id.example.com/token", "https://example.com"]) {
      expect(nonceIn(await key.proof({ method: "POST", url }))).toBeUndefined()
    }
  })

  it("is kept for the hundred origins that gave one last", async () => {
    const key = await DPoPKey.generate()
    const urls = Array.from({ length: 101 }, (_, n) => `https://a${n}.example.com/`)
    const [first = "", second = "", third = ""] = urls
    for (const url of urls.slice(0, 100)) key.noteNonce(url, url)
    key.noteNonce(first, "again")
    key.noteNonce(urls.at(-1) ?? "", "one too many")
    const nonces = await Promise.all(
      [first, second, third].map(async (url) => nonceIn(await key.proof({ method: "GET", url }))),
    )
    expect(nonces).toEqual(["again", undefined, third])
  })
})

it("a key shows its thumbprint, and nothing of itself", async () => {
  const { d = "" } = p256.export({ format: "jwk" })
  const key = await DPoPKey.from(p256)
  const shown = [inspect(key, { depth: 10, showHidden: true }), JSON.stringify(key)].join()
  expect(shown).toContain(key.thumbprint)
  expect(shown).not.toContain(d)
})

it.each([
  ["key", () => DPoPKey.from("hunter2-hunter2")],
  ["key", () => DPoPKey.from(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey)],
  ["algorithm", () => DPoPKey.from(p256, { algorithm: "RS256" })],
  ["clock", () => DPoPKey.from(p256, { clock: {} as never })],
  ["options", () => DPoPKey.from(p256, null as never)],
  ["kid is not an option of DPoPKey.from", () => DPoPKey.from(p256, { kid: "k" } as never)],
  ["alg is not an option of DPoPKey.generate", () => DPoPKey.generate({ alg: "ES256" } as never)],
])("a bad %s is a TypeError that names it", async (name, make) => {
  const error: unknown = await make().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(TypeError)
  expect(String(error)).toMatch(new RegExp(`^TypeError: ${name}`))
  expect(String(error)).not.toContain("hunter2")
})
