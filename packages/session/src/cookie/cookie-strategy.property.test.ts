import { Token, type TokenFields } from "evertoken"
import { VirtualClock } from "evertoken/testing"
import fc from "fast-check"
import { expect, test } from "vitest"
import { CookieJar } from "../testing/cookie-jar.js"
import { SessionError } from "../session-error.js"
import { CookieStrategy, type ReadCookie } from "./cookie-strategy.js"

// fast-check prints the seed of what fails, and the smallest example
const keyBytes = (seed: number) => Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + seed * 101) % 256)
const clock = new VirtualClock()
const now = clock.now()
const of = (type: string, format: "signed" | "opaque" = "signed") =>
  new CookieStrategy(type, { strategy: "cookie", format, idleTimeoutMs: 0, signingKeys: [keyBytes(1)], clock })
const access = of("access")
const place = (context: ReturnType<CookieJar["request"]>, userId?: string) => ({ context, type: "access", userId })

const visible = (constraints: { readonly minLength: number; readonly maxLength: number }) =>
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), ...constraints })
// a large one of random characters takes long to shrink
const accessTokens = fc.oneof(
  visible({ minLength: 1, maxLength: 60 }),
  fc
    .tuple(visible({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 12_000 }))
    .map(([piece, bytes]) => piece.repeat(bytes).slice(0, bytes)),
)
const scopes = fc.option(visible({ minLength: 1, maxLength: 80 }), { nil: undefined })
const users = fc.string({ unit: "binary", minLength: 1, maxLength: 60 })
const versions = fc.option(
  fc.record({ lineage: fc.string(), generation: fc.nat({ max: Number.MAX_SAFE_INTEGER }), id: fc.string() }),
  { nil: undefined },
)
const tokens = fc
  .record({
    accessToken: accessTokens,
    scope: scopes,
    version: versions,
    age: fc.double({ min: 0, max: 1e9, noNaN: true }),
  })
  .map(({ age, ...fields }) => token({ ...fields, issuedAt: now - age }))

function token(fields: Partial<TokenFields>): Token {
  return new Token({
    accessToken: "an-access-token",
    issuedAt: now,
    staleAt: now + 9e5,
    expiresAt: now + 3_600_000,
    ...fields,
  })
}

async function outcomeOf(strategy: CookieStrategy, header: string): Promise<ReadCookie | "none" | "refused"> {
  try {
    return (await strategy.read(new CookieJar(() => now).request(header))) ?? "none"
  } catch (error) {
    if (error instanceof SessionError && error.code === "ERR_COOKIE_REFUSED") return "refused"
    throw error
  }
}

test("any token of any user comes back, or is too large and changes nothing; 7,500 bytes are not", async () => {
  await fc.assert(
    fc.asyncProperty(tokens, users, fc.nat({ max: 3 }), async (given, userId, before) => {
      const jar = new CookieJar(() => now)
      const earlier = token({ accessToken: "e".repeat(1 + before * 2_500) })
      await access.set(place(jar.request(), "earlier"), earlier)
      const error: unknown = await access.set(place(jar.request(), userId), given).catch((reason: unknown) => reason)
      const reading = await access.read(jar.request())
      if (error instanceof SessionError && error.code === "ERR_COOKIE_TOO_LARGE") {
        expect(JSON.stringify(given.accessToken).length).toBeGreaterThan(7_500)
        expect(reading).toMatchObject({ userId: "earlier", token: earlier })
        return
      }
      expect(error).toBeUndefined()
      expect(reading).toEqual({ userId, token: given, status: "fresh", writtenAt: now })
      expect(reading?.token.accessToken).toBe(given.accessToken)
      expect(await access.delete(place(jar.request()))).toBe(true)
      expect(jar.names).toEqual([])
    }),
    { numRuns: 200 },
  )
})

test("any token comes back from an opaque cookie, or is too large; 11,000 bytes, encoded, are not", async () => {
  const opaque = of("access", "opaque")
  await fc.assert(
    fc.asyncProperty(tokens, async (given) => {
      const jar = new CookieJar(() => now)
      const error: unknown = await opaque.set(place(jar.request()), given).catch((reason: unknown) => reason)
      if (error instanceof SessionError && error.code === "ERR_COOKIE_TOO_LARGE") {
        expect(given.accessToken.replace(/["%,;\\]/g, "%XX").length).toBeGreaterThan(11_000)
        expect(jar.names).toEqual([])
        return
      }
      expect(error).toBeUndefined()
      expect((await opaque.get(place(jar.request())))?.accessToken).toBe(given.accessToken)
    }),
    { numRuns: 200 },
  )
})

type Mutation = (header: string) => string

const at = (header: string, where: number) => where % (header.length + 1)
const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  // a byte is changed, put in, or lost; the rest is lost
  fc.tuple(fc.nat(), fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 1 })).map(
    ([where, character]): Mutation =>
      (header) =>
        header.slice(0, at(header, where)) + character + header.slice(at(header, where) + 1),
  ),
  fc.tuple(fc.nat(), fc.string({ maxLength: 3 })).map(
    ([where, text]): Mutation =>
      (header) =>
        header.slice(0, at(header, where)) + text + header.slice(at(header, where)),
  ),
  fc.tuple(fc.nat(), fc.nat({ max: 40 })).map(
    ([where, bytes]): Mutation =>
      (header) =>
        header.slice(0, at(header, where)) + header.slice(at(header, where) + bytes),
  ),
  fc.nat().map(
    (where): Mutation =>
      (header) =>
        header.slice(0, at(header, where)),
  ),
  // a cookie is lost, doubled, moved, or changes its value with another
  fc.nat().map((which): Mutation => pairwise((pairs) => pairs.filter((_, index) => index !== which % pairs.length))),
  fc.nat().map((which): Mutation => pairwise((pairs) => [...pairs, pairs[which % pairs.length] ?? ""])),
  fc
    .nat()
    .map((which): Mutation =>
      pairwise((pairs) => [...pairs.slice(which % pairs.length), ...pairs.slice(0, which % pairs.length)]),
    ),
  fc.tuple(fc.nat(), fc.nat()).map(([one, other]): Mutation => pairwise((pairs) => exchanged(pairs, one, other))),
)

function pairwise(change: (pairs: readonly string[]) => readonly string[]): Mutation {
  return (header) => change(header.split("; ")).join("; ")
}

function exchanged(pairs: readonly string[], one: number, other: number): readonly string[] {
  const parts = pairs.map((pair) => pair.split(/=(.*)/s))
  const [a, b] = [one % pairs.length, other % pairs.length]
  return parts.map(([name], index) => `${name ?? ""}=${parts[index === a ? b : index === b ? a : index]?.[1] ?? ""}`)
}

async function headersOf(userId: string, accessToken: string): Promise<string> {
  const jar = new CookieJar(() => now)
  await access.set(place(jar.request(), userId), token({ accessToken }))
  return jar.header ?? ""
}

test("whatever becomes of the header of a good cookie: it is that token, or refused, or not there", async () => {
  const sizes = [20, 2_000, 4_000, 8_000]
  const headers = await Promise.all(sizes.map((bytes) => headersOf("alice", "a".repeat(bytes))))
  const seen = { token: 0, refused: 0, none: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 3 }),
      fc.array(mutations, { minLength: 1, maxLength: 3 }),
      async (which, changes) => {
        const good = headers[which] ?? ""
        const changed = changes.reduce((header, change) => change(header), good)
        const outcome = await outcomeOf(access, changed)
        if (outcome === "none" || outcome === "refused") {
          seen[outcome]++
          // a name that is not whole is that of another cookie
          if (outcome === "none")
            expect(changed.split(/; ?/).some((pair) => /^\s*__Host-access(\.\d)?\s*=/.test(pair))).toBe(false)
          return
        }
        seen.token++
        expect(outcome.userId).toBe("alice")
        expect(outcome.token.accessToken).toBe("a".repeat(sizes[which] ?? 0))
      },
    ),
    { numRuns: 1_500 },
  )
  // all of it happens: what is told here is not told of one only
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
})

test("parts of several good cookies, in any order, are one of them, whole, or refused", async () => {
  const users = ["alice", "bob"]
  const whole = await Promise.all(
    users.flatMap((user) => [8_000, 4_000].map((bytes) => headersOf(user, user.repeat(bytes).slice(0, bytes)))),
  )
  const pairs = whole.flatMap((header) => header.split("; "))
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(pairs), async (chosen) => {
      const outcome = await outcomeOf(access, chosen.join("; "))
      if (typeof outcome === "string") return
      const { userId = "", token } = outcome
      expect(whole.some((header) => header.split("; ").every((pair) => chosen.includes(pair)))).toBe(true)
      expect(userId.repeat(token.accessToken.length).startsWith(token.accessToken)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test("no header whatever gives anything but a refusal or nothing, be it deleted or set over", async () => {
  const names = fc.constantFrom(
    "__Host-access",
    "__Host-access.0",
    "__Host-access.1",
    "__Host-access.9",
    "__proto__",
    "x",
  )
  const values = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constant("2.AAAAAAAAAAAAAAAA.x"),
    visible({ minLength: 0, maxLength: 90 }),
  )
  const pairs = fc.tuple(names, values).map(([name, value]) => `${name}=${value}`)
  const headers = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.oneof(pairs, fc.string()), { maxLength: 6 }).map((all) => all.join("; ")),
  )
  await fc.assert(
    fc.asyncProperty(headers, async (header) => {
      expect(["none", "refused"]).toContain(await outcomeOf(access, header))
      const jar = new CookieJar(() => now)
      const request = jar.request(header)
      await access.delete(place(request, "u"))
      expect(await access.read(request)).toBeUndefined()
      const again = jar.request(header)
      await access.set(place(again, "u"), token({}))
      expect(await access.read(again)).toMatchObject({ userId: "u" })
      expect(jar.names).toEqual(["__Host-access"])
    }),
    { numRuns: 1_000 },
  )
})

test("a refusal is the same whatever was wrong, and has nothing of the cookie", async () => {
  const good = await headersOf("alice", "secret".repeat(700))
  const shown = new Set<string>()
  await fc.assert(
    fc.asyncProperty(mutations, async (change) => {
      const error: unknown = await access
        .read(new CookieJar(() => now).request(change(good)))
        .catch((reason: unknown) => reason)
      if (!(error instanceof SessionError)) return
      shown.add(
        JSON.stringify([
          error.name,
          error.message,
          Object.entries(error),
          String(error.stack).replace(/:\d+:\d+/g, ""),
          error.cause,
        ]),
      )
    }),
    { numRuns: 300 },
  )
  expect(shown.size).toBe(1)
})
