import assert from "node:assert/strict"
import { Console } from "node:console"
import { Writable } from "node:stream"
import { format, inspect } from "node:util"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { deserializeToken, isTokenVersion, sameVersion, serializeToken, Token, type TokenFields } from "./token.js"

const SECRETS = { accessToken: "s3cret-access", refreshToken: "s3cret-refresh", idToken: "s3cret-id" }
const VERSION = { lineage: "lineage", generation: 3, id: "0123456789abcdef" }
const FIELDS: TokenFields = {
  ...SECRETS,
  tokenType: "Bearer",
  issuedAt: Date.UTC(2026, 0, 1),
  staleAt: Date.UTC(2026, 0, 1, 0, 45),
  expiresAt: Date.UTC(2026, 0, 1, 1),
  refreshTokenExpiresAt: Date.UTC(2026, 1, 1),
  scope: "read write",
  version: VERSION,
}
const token = new Token(FIELDS)

function printed(...values: unknown[]): string {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk.toString())
      done()
    },
  })
  new Console(stream).log(...values)
  return chunks.join("")
}

function spread(value: object): object {
  return { ...value }
}

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return inspect(error)
  }
  throw new Error("nothing was thrown")
}

describe("a token is readable", () => {
  test("every field is as it was given", () => {
    const { accessToken, refreshToken, idToken } = token
    expect({ accessToken, refreshToken, idToken }).toEqual(SECRETS)
    for (const name of ["tokenType", "issuedAt", "staleAt", "expiresAt", "refreshTokenExpiresAt", "scope"] as const) {
      expect(token[name]).toBe(FIELDS[name])
    }
    expect(token.version).toEqual(VERSION)
  })

  test("the authorization header is built once, with the scheme as its issuer may spell it", () => {
    const type = (tokenType?: string) => token.with({ tokenType }).authorization
    expect(type()).toBe("Bearer s3cret-access")
    expect(type("bearer")).toBe("Bearer s3cret-access")
    expect(type("BEARER")).toBe("Bearer s3cret-access")
    expect(type("dpop")).toBe("DPoP s3cret-access")
    expect(type("token")).toBe("token s3cret-access")
  })

  test("what was not given is undefined, and the type is Bearer", () => {
    const bare = new Token({ accessToken: "a", issuedAt: 0, staleAt: 1, expiresAt: 2 })
    expect([bare.refreshToken, bare.idToken, bare.scope, bare.refreshTokenExpiresAt, bare.version]).toEqual(
      Array(5).fill(undefined),
    )
    expect(bare.tokenType).toBe("Bearer")
  })
})

describe("a token is immutable", () => {
  test("no property can be set or added", () => {
    expect(Object.isFrozen(token)).toBe(true)
    expect(() => Object.assign(token, { expiresAt: 0 })).toThrow(TypeError)
    expect(() => Object.assign(token, { accessToken: "other" })).toThrow(TypeError)
  })

  test("its version stays, whatever becomes of the object it was made of", () => {
    const version = { ...VERSION, extra: "left out" }
    const versioned = token.with({ version })
    version.generation = 9
    expect(versioned.version).toEqual(VERSION)
    expect(Object.isFrozen(versioned.version)).toBe(true)
  })

  test("a copy differs in the fields given, and in no other", () => {
    const copy = token.with({ accessToken: "other", refreshToken: undefined })
    expect(copy).toBeInstanceOf(Token)
    expect(serializeToken(copy)).toEqual({ ...serializeToken(token), accessToken: "other", refreshToken: undefined })
    expect(token.accessToken).toBe(SECRETS.accessToken)
  })
})

describe("a token shows no secret by accident", () => {
  const shown: [string, () => string][] = [
    ["console.log", () => printed(token)],
    ["console.log of a nested object", () => printed({ a: [{ b: { c: token } }] }, [token], new Map([["t", token]]))],
    ["console.log with a format", () => printed("%s %o %O %j %d", token, token, token, token, token)],
    ["util.inspect to any depth", () => inspect(token, { depth: Infinity, showHidden: true })],
    ["util.inspect with getters", () => inspect(token, { getters: true })],
    ["util.inspect without custom inspection", () => inspect(token, { customInspect: false, getters: true })],
    ["util.format", () => format("%s %j", token, { token })],
    ["JSON.stringify", () => JSON.stringify(token)],
    ["JSON.stringify of a nested object", () => JSON.stringify({ a: [token] }, null, 2)],
    ["a template string", () => `Got ${token as unknown as string}.`],
    ["concatenation and join", () => "a" + String(token) + [token, token].join()],
    ["spreading", () => inspect(spread(token))],
    ["Object.entries", () => inspect([Object.entries(token), Object.getOwnPropertyNames(token)])],
    ["cloning", () => inspect(structuredClone(token))],
    ["a failed assertion", () => messageOf(() => assert.deepEqual(token, { other: true }))],
    ["an expectation that is not met", () => messageOf(() => expect(token).toEqual({ other: true }))],
    ["an error that carries it", () => inspect(Object.assign(new Error("failed"), { token }))],
    ["an aggregate with a cause", () => inspect(new AggregateError([new Error("a", { cause: token })]))],
  ]
  test.each(shown)("%s", (_, show) => {
    const text = show()
    expect(text.length).toBeGreaterThan(0)
    expect(text).not.toContain("s3cret")
  })

  test("a clone has no secret at all", () => {
    expect(structuredClone(token)).not.toHaveProperty("accessToken")
    expect(spread(token)).not.toHaveProperty("refreshToken")
  })
})

describe("a token says what is not secret", () => {
  test("JSON and inspect have the times, the scope and the version, and which secrets there are", () => {
    const expected = {
      accessToken: "[redacted]",
      tokenType: "Bearer",
      issuedAt: FIELDS.issuedAt,
      staleAt: FIELDS.staleAt,
      expiresAt: FIELDS.expiresAt,
      refreshToken: "[redacted]",
      refreshTokenExpiresAt: FIELDS.refreshTokenExpiresAt,
      idToken: "[redacted]",
      scope: "read write",
      version: VERSION,
    }
    expect(JSON.parse(JSON.stringify(token))).toEqual(expected)
    expect(inspect(token)).toMatch(/^Token \{[^]*accessToken: '\[redacted\]'[^]*scope: 'read write'/)
  })

  test("a secret that is not there is not shown as redacted", () => {
    const bare = new Token({ accessToken: "a", issuedAt: 0, staleAt: 1, expiresAt: 2 })
    expect(bare.toJSON()).toEqual({
      accessToken: "[redacted]",
      tokenType: "Bearer",
      issuedAt: 0,
      staleAt: 1,
      expiresAt: 2,
    })
  })

  test("as text it tells when it expires, for every time it may have", () => {
    expect(String(token)).toBe("Token [redacted], expires 2026-01-01T01:00:00.000Z")
    expect(String(token.with({ expiresAt: 8.64e15 }))).toContain("+275760")
    expect(String(token.with({ expiresAt: FIELDS.expiresAt + 0.5 }))).toContain("2026-01-01T01:00:00.000Z")
  })
})

describe("serializing is the one deliberate way out", () => {
  test("the class itself has no other", () => {
    expect(Reflect.ownKeys(Token)).toEqual(["length", "name", "prototype"])
  })

  test("every field comes back, through JSON", () => {
    const back = deserializeToken(JSON.parse(JSON.stringify(serializeToken(token))))
    expect(back).toBeInstanceOf(Token)
    expect(serializeToken(back)).toEqual(FIELDS)
    expect(back.authorization).toBe(token.authorization)
  })

  test("any token comes back as it went", () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
      minLength: 1,
    })
    const moment = fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true })
    const fields = fc.record(
      {
        accessToken: visible,
        tokenType: fc.constantFrom("Bearer", "DPoP", "mac"),
        issuedAt: moment,
        staleAt: moment,
        expiresAt: moment,
        refreshToken: visible,
        refreshTokenExpiresAt: moment,
        idToken: visible,
        scope: visible,
        version: fc.record({ lineage: fc.string(), generation: fc.maxSafeNat(), id: fc.string() }),
      },
      { requiredKeys: ["accessToken", "issuedAt", "staleAt", "expiresAt", "tokenType"] },
    )
    fc.assert(
      fc.property(fields, (given) => {
        const text = JSON.stringify(serializeToken(new Token(given)))
        expect(serializeToken(deserializeToken(JSON.parse(text)))).toEqual(JSON.parse(JSON.stringify(given)))
      }),
    )
  })

  test("what is not there is not written, not even as undefined", () => {
    const bare = new Token({ accessToken: "a", issuedAt: 0, staleAt: 1, expiresAt: 2 })
    expect(Object.keys(serializeToken(bare)).sort()).toEqual([
      "accessToken",
      "expiresAt",
      "issuedAt",
      "staleAt",
      "tokenType",
    ])
  })

  test("unknown properties are ignored, also those that would reach a prototype", () => {
    const data: unknown = JSON.parse(
      '{"accessToken":"a","issuedAt":0,"staleAt":1,"expiresAt":2,"__proto__":{"x":1},"y":2}',
    )
    const back = deserializeToken(data)
    expect(back).not.toHaveProperty("x")
    expect(back).not.toHaveProperty("y")
  })

  test.each([[undefined], [null], ["text"], [1], [true]])("%s is no serialized token", (data) => {
    expect(() => deserializeToken(data)).toThrow(TypeError("a serialized token must be an object"))
  })

  test("what JSON.stringify made of a token is refused, with the mend", () => {
    const redacted: unknown = JSON.parse(JSON.stringify(token))
    expect(() => deserializeToken(redacted)).toThrow(
      /^a serialized token must have its secrets: write .*serializeToken/,
    )
  })
})

describe("a field that cannot be is refused by its name, and its value is not told", () => {
  const bad: [string, unknown][] = [
    ["accessToken", ""],
    ["accessToken", undefined],
    ["accessToken", null],
    ["accessToken", 42],
    ["accessToken", "s3cret with blank"],
    ["accessToken", "s3cret\r\nx-injected: 1"],
    ["accessToken", "s3cret\u007f"],
    ["accessToken", "s3cret-é"],
    ["refreshToken", ""],
    ["refreshToken", null],
    ["refreshToken", "s3cret\n"],
    ["refreshToken", { s3cret: 1 }],
    ["idToken", ""],
    ["idToken", "s3cret\u0000"],
    ["scope", ""],
    ["scope", ["s3cret"]],
    ["tokenType", ""],
    ["tokenType", "Bearer s3cret"],
    ["tokenType", "Bearer\r\n"],
    ["tokenType", 1],
    ["issuedAt", NaN],
    ["issuedAt", undefined],
    ["staleAt", Infinity],
    ["staleAt", "0"],
    ["expiresAt", new Date(0)],
    ["expiresAt", 8.64e15 + 2],
    ["expiresAt", -8.64e15 - 2],
    ["refreshTokenExpiresAt", NaN],
    ["refreshTokenExpiresAt", null],
    ["version", {}],
    ["version", null],
    ["version", "s3cret"],
    ["version", { ...VERSION, generation: 1.5 }],
    ["version", { ...VERSION, generation: -1 }],
    ["version", { ...VERSION, generation: "3" }],
    ["version", { ...VERSION, lineage: 1 }],
    ["version", { ...VERSION, id: undefined }],
  ]
  test.each(bad)("%s: %j", (name, value) => {
    const fields: unknown = { ...FIELDS, [name]: value }
    const message = messageOf(() => deserializeToken(fields))
    expect(message).toMatch(new RegExp(`^TypeError: token: ${name} must `))
    expect(message).not.toContain("s3cret")
  })

  test("blanks are allowed where a form carries them", () => {
    expect(token.with({ refreshToken: "with blank ~" }).refreshToken).toBe("with blank ~")
  })

  test("an empty access token is only for one that never was valid", () => {
    expect(token.with({ accessToken: "", expiresAt: FIELDS.issuedAt }).accessToken).toBe("")
    expect(() => token.with({ accessToken: "", expiresAt: FIELDS.issuedAt + 1 })).toThrow("accessToken")
  })
})

describe("a version", () => {
  test("is the same if generation and id are", () => {
    expect(sameVersion(VERSION, { ...VERSION, lineage: "another" })).toBe(true)
    expect(sameVersion(VERSION, { ...VERSION, generation: 4 })).toBe(false)
    expect(sameVersion(VERSION, { ...VERSION, id: "another" })).toBe(false)
    expect(sameVersion(VERSION, undefined)).toBe(false)
    expect(sameVersion(undefined, undefined)).toBe(true)
  })

  test("is known by its shape", () => {
    expect(isTokenVersion(VERSION)).toBe(true)
    expect(isTokenVersion({ ...VERSION, generation: 0 })).toBe(true)
    for (const other of [null, undefined, "x", 1, [], { ...VERSION, generation: 2 ** 53 }]) {
      expect(isTokenVersion(other)).toBe(false)
    }
  })
})
