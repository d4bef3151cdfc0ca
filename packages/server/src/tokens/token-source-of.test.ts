import { CachedTokenSource, systemClock } from "evertoken"
import { expect, test } from "vitest"
import { configOf } from "../testing/registry-under-test.js"
import { secretsOf, tokenSourceOf } from "./token-source-of.js"

const ISSUER = "https://id.example.com"

function sourceOf(grant: object, name = "billing") {
  return tokenSourceOf(name, configOf(ISSUER, grant), { refreshToken: "canary-refresh" }, systemClock)
}

test("each grant has its source; only those with a refresh token spend something that works once", () => {
  expect(sourceOf({ grant: "client_credentials" }).singleUse).toBe(false)
  expect(sourceOf({ grant: "jwt_bearer", assertion: "/jwt" }).singleUse).toBe(false)
  expect(sourceOf({ grant: "token_exchange", subjectToken: "/jwt" }).singleUse).toBe(false)
  for (const grant of ["refresh_token", "authorization_code", "device_code"]) {
    expect(sourceOf({ grant }).singleUse).toBe(true)
    expect(sourceOf({ grant, rotation: "none" }).singleUse).toBe(false)
  }
})

test("the tokens of two names are never taken for each other's, though their client is the same", () => {
  for (const grant of [{ grant: "refresh_token" }, { grant: "jwt_bearer", assertion: "/jwt" }]) {
    expect(sourceOf(grant, "one").fingerprint).not.toBe(sourceOf(grant, "other").fingerprint)
  }
})

test("a source that spends something is refused without a durable store", () => {
  expect(() => new CachedTokenSource(sourceOf({ grant: "refresh_token" }))).toThrow(TypeError)
})

test("secrets are read where the configuration says they are; what is missing is named", async () => {
  process.env["TOKEN_SOURCE_OF_TEST"] = "canary-secret"
  const client = { id: "app", secret: "env:TOKEN_SOURCE_OF_TEST" }
  const config = configOf(ISSUER, { client, refreshToken: "env:TOKEN_SOURCE_OF_TEST" })
  expect(await secretsOf(config)).toEqual({ clientSecret: "canary-secret", refreshToken: "canary-secret" })
  delete process.env["TOKEN_SOURCE_OF_TEST"]
  await expect(secretsOf(config)).rejects.toThrow("TOKEN_SOURCE_OF_TEST")
})
