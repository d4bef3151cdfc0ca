import { Token } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { VirtualClock } from "evertoken/testing"
import { expect, expectTypeOf, test } from "vitest"
import { createTokenManager } from "./create-token-manager.js"
import { Browser } from "./testing/browser.js"
import { MemoryTable } from "./testing/memory-table.js"
import { RotatingIssuer } from "./testing/rotating-issuer.js"
import type { TokenContext } from "./token-context.js"
import type { TokenStrategy } from "./token-strategy.js"

const { table } = new MemoryTable()
const { source } = new RotatingIssuer(new VirtualClock())
const keyring = new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 3))])
const signingKeys = [Uint8Array.from({ length: 32 }, (_, i) => i)]
const apiKeys: TokenStrategy<{ key: string }> = {
  get: async () => undefined,
  set: async () => {},
  delete: async () => false,
}
const context: TokenContext = { cookieHeader: undefined, appendSetCookie: () => {}, userId: "alice" }

const tokens = createTokenManager({
  keyring,
  signingKeys,
  types: {
    access: { strategy: "cookie", renewedBy: "refresh" },
    refresh: { strategy: "database", table, source },
    imported: { strategy: "database", table },
    apiKey: { strategy: apiKeys },
    all: { strategy: "virtual", of: ["refresh", "imported"] },
  },
})

test("what a type takes and gives follows from its strategy", () => {
  expectTypeOf(tokens.get<"access">).returns.resolves.toEqualTypeOf<Token | undefined>()
  expectTypeOf(tokens.get<"apiKey">).returns.resolves.toEqualTypeOf<{ key: string } | undefined>()
  expectTypeOf(tokens.set<"refresh">)
    .parameter(2)
    .toEqualTypeOf<Token | string>()
  expectTypeOf(tokens.set<"apiKey">)
    .parameter(2)
    .toEqualTypeOf<{ key: string }>()
})

test("each method takes the types that it is for, and no other", () => {
  expectTypeOf(tokens.delete).parameter(1).toEqualTypeOf<"access" | "refresh" | "imported" | "apiKey" | "all">()
  expectTypeOf<NonNullable<Parameters<typeof tokens.accessToken>[1]>["type"]>().toEqualTypeOf<
    "access" | "refresh" | undefined
  >()
  expectTypeOf<Parameters<ReturnType<typeof tokens.pool>["getToken"]>[0]["type"]>().toEqualTypeOf<
    "refresh" | "imported"
  >()
  expectTypeOf(tokens.deleteMany).returns.resolves.toEqualTypeOf<{
    readonly removed: readonly ("access" | "refresh" | "imported" | "apiKey")[]
  }>()
})

test("a type that names one which is not declared, or not of the right kind, does not compile", () => {
  const refresh = { strategy: "database", table, source } as const
  expect(() =>
    createTokenManager({
      ...{ keyring, signingKeys },
      // @ts-expect-error -- it is "refresh"
      types: { access: { strategy: "cookie", renewedBy: "refesh" }, refresh },
    }),
  ).toThrow("types.access.renewedBy")
  expect(() =>
    createTokenManager({
      ...{ keyring, signingKeys },
      // @ts-expect-error -- it has no source
      types: { access: { strategy: "cookie", renewedBy: "imported" }, imported: { strategy: "database", table } },
    }),
  ).toThrow("types.access.renewedBy")
  expect(() =>
    createTokenManager({
      ...{ keyring, signingKeys },
      // @ts-expect-error -- no row, but a cookie
      types: { access: { strategy: "cookie" }, refresh, all: { strategy: "virtual", of: ["refresh", "access"] } },
    }),
  ).toThrow("types.all.of")
})

test("an access token of what can give none is told as the mistake it is, and not as a sign-out", async () => {
  await tokens.set(context, "imported", "canary")
  // @ts-expect-error -- nothing renews it
  await expect(tokens.accessToken(context, { type: "imported" })).rejects.toThrow(/^imported gives no access token/)
  // @ts-expect-error -- its values are no tokens
  await expect(tokens.accessToken(context, { type: "apiKey" })).rejects.toThrow(/^apiKey gives no access token/)
  // @ts-expect-error -- it stands for several
  await expect(tokens.accessToken(context, { type: "all" })).rejects.toThrow("it can only be deleted")
  // @ts-expect-error -- there is no such type
  await expect(tokens.accessToken(context, { type: "acess" })).rejects.toThrow("there is no type acess")
})

test("a cookie that nothing renews gives no other user's access token than the one asked for", async () => {
  const one = createTokenManager({ signingKeys, types: { access: { strategy: "cookie" } } })
  const browser = new Browser()
  const token = new Token({ accessToken: "canary", issuedAt: 0, staleAt: 8e15, expiresAt: 8e15 })
  await one.set(browser.request(), "access", token, { userId: "alice" })
  expect((await one.accessToken(browser.request(), { userId: "alice" })).accessToken).toBe("canary")
  await expect(one.accessToken(browser.request(), { userId: "bob" })).rejects.toMatchObject({
    code: "ERR_NOT_SIGNED_IN",
  })
  await expect(one.accessToken({ ...browser.request(), userId: "bob" })).rejects.toMatchObject({
    code: "ERR_NOT_SIGNED_IN",
  })
})
