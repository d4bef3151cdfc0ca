import { expect, it } from "vitest"
import { StaticTokenSource } from "../static-token-source.js"
import { Token } from "../token.js"
import { asBearer, assertAdaptable } from "./adapted-token.js"

const token = new Token({ accessToken: "secret", tokenType: "DPoP", issuedAt: 0, staleAt: 1, expiresAt: 2 })

it("a token that is bound to a key is not presented by itself, and not shown", () => {
  const refused = expect(() => asBearer(token))
  refused.toThrow(expect.objectContaining({ code: "ERR_TOKEN_SOURCE", transient: false }))
  refused.not.toThrow("secret")
  expect(asBearer(token.with({ tokenType: "bearer" })).authorization).toBe("Bearer secret")
})

it("a source that spends a refresh token at each call is refused", () => {
  const source = new StaticTokenSource("t")
  expect(() => assertAdaptable(source)).not.toThrow()
  expect(() => assertAdaptable({ singleUse: true, getToken: () => source.getToken() })).toThrow("CachedTokenSource")
  for (const wrong of [undefined, null, "t", {}]) {
    // @ts-expect-error: as plain JavaScript may call it
    expect(() => assertAdaptable(wrong)).toThrow("source must be a token source")
  }
})
