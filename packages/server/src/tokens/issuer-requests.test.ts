import { systemClock } from "evertoken"
import { expect, test } from "vitest"
import { configOf } from "../testing/registry-under-test.js"
import { endpointOptions, issuerOptions } from "./issuer-requests.js"

const ISSUER = "https://id.example.com"

function authenticationOf(client: object) {
  const config = configOf(ISSUER, { client: { id: "app", authentication: undefined, ...client } })
  return issuerOptions(config, undefined, systemClock).clientAuthentication
}

test("a client authenticates as its configuration says: with its secret, if it has one, or not at all", () => {
  expect(authenticationOf({})).toBe("none")
  expect(authenticationOf({ secret: "env:SECRET" })).toBe("client_secret_basic")
  expect(authenticationOf({ secret: "env:SECRET", authentication: "client_secret_post" })).toBe("client_secret_post")
})

test("what a client authenticates with in files is read anew by the library", () => {
  const jwt = { method: "private_key_jwt", key: "/key.pem", keyId: "2026", algorithm: "ES256" }
  expect(authenticationOf({ authentication: jwt })).toEqual({ ...jwt, key: { file: "/key.pem" } })
  expect(authenticationOf({ authentication: { method: "client_assertion", assertion: "/token" } })).toEqual({
    method: "client_assertion",
    assertion: { file: "/token" },
  })
  const tls = { method: "tls_client_auth", certificate: "/cert.pem", key: "/key.pem" }
  expect(authenticationOf({ authentication: tls })).toEqual({
    method: "tls_client_auth",
    certificate: { file: "/cert.pem" },
    key: { file: "/key.pem" },
  })
})

test("what is asked for, whom to trust and when to renew come from the configuration", () => {
  const config = configOf(ISSUER, {
    grant: "client_credentials",
    scope: "invoices:read",
    audience: "billing",
    resource: ["https://api.example.com"],
    certificateAuthority: "/ca.pem",
    policy: { freshness: 0.5, refreshLead: "5m", minimumStale: "10s", defaultLifetime: "1h" },
  })
  expect(endpointOptions(config, undefined, systemClock)).toMatchObject({
    issuer: ISSUER,
    clientId: "app",
    scope: "invoices:read",
    audience: "billing",
    resource: ["https://api.example.com"],
    certificateAuthority: { file: "/ca.pem" },
    freshness: 0.5,
    refreshLeadMs: 300_000,
    minimumStaleMs: 10_000,
    defaultLifetimeMs: 3_600_000,
  })
})
