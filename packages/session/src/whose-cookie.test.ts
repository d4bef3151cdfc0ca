import { Token } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { describe, expect, test } from "vitest"
import { createTokenManager } from "./create-token-manager.js"
import { Browser } from "./testing/browser.js"
import { MemoryTable } from "./testing/memory-table.js"

const signingKeys = [Uint8Array.from({ length: 32 }, (_, i) => i * 5)]
const keyring = new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7))])
const ALICE = { userId: "alice" }

function tokenOf(accessToken: string) {
  const now = Date.now()
  return new Token({ accessToken, issuedAt: now, staleAt: now + 1e6, expiresAt: now + 2e6 })
}

describe("two cookies under one name, which would take each other for refused, are a mistake that is told", () => {
  test.each([
    ["given to both", { first: { name: "__Host-token" }, second: { name: "__Host-token" } }],
    ["given to one, and the default of the other", { first: {}, second: { name: "__Host-first" } }],
    ["of different formats", { first: { format: "opaque" }, second: { name: "__Host-first" } }],
  ] as const)("%s", (_, { first, second }) => {
    const types = { first: { strategy: "cookie", ...first }, second: { strategy: "cookie", ...second } } as const
    expect(() => createTokenManager({ signingKeys, types })).toThrow("types.second.name is that of the cookie of first")
  })
})

function scene() {
  const { table, rows } = new MemoryTable()
  const tokens = createTokenManager({
    signingKeys,
    keyring,
    types: {
      device: { strategy: "cookie", format: "opaque", name: "device" },
      access: { strategy: "cookie" },
      note: { strategy: "database", table },
    },
  })
  return { tokens, rows, browser: new Browser() }
}

test("a refused cookie of one type keeps no other from saying who the user is", async () => {
  const { tokens, browser } = scene()
  await tokens.set(browser.request(), "access", tokenOf("a"), ALICE)
  await tokens.set(browser.request(), "note", tokenOf("n"), ALICE)
  const tossed = { ...browser.request(), cookieHeader: `device=1; device=2; ${browser.cookieHeader}` }
  await expect(tokens.get(tossed, "device")).rejects.toMatchObject({ code: "ERR_COOKIE_REFUSED" })
  expect((await tokens.get(tossed, "note"))?.accessToken).toBe("n")
  expect(await tokens.deleteMany(tossed, ["note"])).toEqual({ removed: ["note"] })
})

test("whose it is that is set, nobody says, and the cookie is refused: that is told, and nothing has changed", async () => {
  const { tokens, browser, rows } = scene()
  await tokens.set(browser.request(), "access", tokenOf("a"), ALICE)
  const header = browser.cookieHeader
  const refused = () => ({ ...browser.request(), cookieHeader: `${header}x` })
  await expect(tokens.set(refused(), "note", tokenOf("n"), { userId: undefined })).rejects.toMatchObject({
    code: "ERR_NOT_SIGNED_IN",
  })
  await expect(tokens.set(refused(), "access", tokenOf("b"), { userId: undefined })).rejects.toThrow(/^userId must say/)
  expect([browser.cookieHeader, rows.size]).toEqual([header, 0])
})
