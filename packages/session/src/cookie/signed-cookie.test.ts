import { Token } from "evertoken"
import { VirtualClock } from "evertoken/testing"
import { CompactSign, EncryptJWT, SignJWT, UnsecuredJWT, type JWTPayload } from "jose"
import { describe, expect, test } from "vitest"
import { SignedCookie } from "./signed-cookie.js"
import { SigningKeys } from "./signing-keys.js"

const keyBytes = (seed: number) => Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + seed * 101) % 256)
const secret = keyBytes(1)
const { id: kid } = new SigningKeys([secret]).first
const HEADER = { alg: "HS256", typ: "evertoken-cookie+jwt", kid }

function arrange() {
  const clock = new VirtualClock()
  const now = clock.now()
  const coder = (type = "access", keys = [secret]) =>
    new SignedCookie({ type, signingKeys: new SigningKeys(keys), clock })
  const times = { issuedAt: now, staleAt: now + 45_000, expiresAt: now + 60_000 }
  const content = { userId: "u", writtenAt: now, token: new Token({ accessToken: "an-access-token", ...times }) }
  const good: JWTPayload = {
    ...{ aud: "access", sub: "u", iat: now / 1000, exp: now / 1000 + 60 },
    ...{ accessToken: "an-access-token", tokenType: "Bearer", ...times },
  }
  const sign = (claims: JWTPayload, header: object = {}, key = secret) =>
    new SignJWT({ ...good, ...claims }).setProtectedHeader({ ...HEADER, ...header }).sign(key)
  return { clock, now, coder, content, good, sign }
}

describe("of signed cookies", () => {
  test("what another hand has signed as this application would, is read: the tests below differ in one thing each", async () => {
    const { coder, content, sign } = arrange()
    expect(await coder().decode(await sign({}))).toEqual(content)
    expect(await coder().decode(await coder().encode(content, content.token.expiresAt))).toEqual(content)
  })

  test("one of another type is refused", async () => {
    const { coder, content } = arrange()
    const value = await coder("admin").encode(content, content.token.expiresAt)
    expect(await coder("admin").decode(value)).toEqual(content)
    expect(await coder("access").decode(value)).toBe("refused")
  })

  test("one of another application's key is refused, though it names this one's", async () => {
    const { coder, sign } = arrange()
    expect(await coder().decode(await sign({}, {}, keyBytes(2)))).toBe("refused")
    expect(await coder("access", [keyBytes(2)]).decode(await sign({}))).toBe("refused")
    expect(await coder("access", [keyBytes(2), keyBytes(1)]).decode(await sign({}))).toMatchObject({ userId: "u" })
    // the right key under another one's name
    expect(await coder("access", [keyBytes(2), keyBytes(1)]).decode(await sign({}, { kid: "x" }))).toBe("refused")
  })

  test.each<[string, Record<string, unknown>]>([
    ["another JWT of this application", { typ: "JWT" }],
    ["one without a typ", { typ: undefined }],
    ["one without a key's name", { kid: undefined }],
    ["one with a key's name that is no text", { kid: 7 }],
    ["one of another HMAC", { alg: "HS512" }],
    ["one with an extension that is known", { crit: ["b64"], b64: true }],
  ])("%s is refused", async (_, header) => {
    const { coder, sign } = arrange()
    const key = header["alg"] === "HS512" ? Buffer.concat([secret, secret]) : secret
    expect(await coder().decode(await sign({}, header, key))).toBe("refused")
  })

  test("one with an extension that is not known is refused", async () => {
    const { coder, good } = arrange()
    const payload = Buffer.from(JSON.stringify(good))
    const value = await new CompactSign(payload)
      .setProtectedHeader({ ...HEADER, crit: ["mine"], mine: 1 })
      .sign(secret, { crit: { mine: true } })
    expect(await coder().decode(value)).toBe("refused")
  })

  test("one that is not signed, or is encrypted, or is no JWT, is refused", async () => {
    const { coder, good, sign } = arrange()
    const none = new UnsecuredJWT(good).encode()
    const [, payload = "", signature = ""] = (await sign({})).split(".")
    const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString("base64url")
    const encrypted = await new EncryptJWT(good).setProtectedHeader({ alg: "dir", enc: "A256GCM", kid }).encrypt(secret)
    const json = JSON.stringify({ payload, signature, protected: header(HEADER) })
    for (const value of [
      none,
      `${header({ ...HEADER, alg: "none" })}.${payload}.`,
      `${header({ ...HEADER, alg: "none" })}.${payload}.${signature}`,
      `${header({ ...HEADER, alg: "RS256" })}.${payload}.${signature}`,
      `${header(HEADER)}.${payload}`,
      `${header(HEADER)}.${payload}.`,
      `${header(HEADER)}..${signature}`,
      `${header([])}.${payload}.${signature}`,
      ...[encrypted, json, "", ".", "..", "...", "é.é.é", "%00.a.b", "null", "x".repeat(12_000)],
    ]) {
      expect(await coder().decode(value)).toBe("refused")
    }
  })

  test("one that is signed with a key of ours, but says nonsense, is refused", async () => {
    const { coder, now, sign } = arrange()
    for (const claims of [
      ...[{ aud: "admin" }, { aud: undefined }, { aud: ["admin", "other"] }, { aud: 7 }],
      ...[{ sub: undefined }, { sub: "" }, { sub: 7 }],
      ...[{ exp: undefined }, { exp: "soon" }, { iat: undefined }, { iat: "now" }, { nbf: now / 1000 + 1 }],
      ...[{ accessToken: undefined }, { accessToken: "" }, { accessToken: "a b" }, { accessToken: 7 }],
      ...[{ issuedAt: undefined }, { staleAt: "7" }, { expiresAt: null }, { expiresAt: 1e300 }],
      ...[{ tokenType: "a b" }, { scope: "ä" }, { scope: "" }, { version: {} }, { version: 7 }],
    ] as JWTPayload[]) {
      const value = await new SignJWT(claims).setProtectedHeader(HEADER).sign(secret)
      expect(await coder().decode(value)).toBe("refused")
      expect(await coder().decode(await sign(claims)), JSON.stringify(claims)).toBe("refused")
    }
    const list = await new CompactSign(Buffer.from("[]")).setProtectedHeader(HEADER).sign(secret)
    expect(await coder().decode(list)).toBe("refused")
  })

  test("only a good one is told to have ended", async () => {
    const { coder, clock, content, sign } = arrange()
    const value = await coder().encode(content, content.token.expiresAt)
    await clock.advance(59_999)
    expect(await coder().decode(value)).toEqual(content)
    await clock.advance(1)
    expect(await coder().decode(value)).toBe("ended")
    expect(await coder("admin").decode(value)).toBe("refused")
    expect(await coder().decode(await sign({}, {}, keyBytes(2)))).toBe("refused")
    expect(await coder().decode(await sign({}, { typ: "JWT" }))).toBe("refused")
  })
})
