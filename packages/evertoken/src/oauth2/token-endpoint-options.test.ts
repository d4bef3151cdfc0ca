import { inspect } from "node:util"
import { Agent } from "undici"
import { describe, expect, it } from "vitest"
import { AuthorizationCodeFlow } from "./authorization-code-flow.js"
import { ClientCredentialsSource } from "./client-credentials-source.js"
import { RefreshTokenSource, type RefreshTokenOptions } from "./refresh-token-source.js"
import { TokenIntrospector } from "./token-introspector.js"
import { TokenRevoker } from "./token-revoker.js"

const good = { issuer: "https://id.example.com", clientId: "billing", clientSecret: "hunter2-hunter2" }

/** Options as plain JavaScript would pass them. */
function withOption(name: string, value: unknown): RefreshTokenOptions {
  return { ...good, [name]: value }
}

describe("good options are taken", () => {
  const options: readonly (readonly [string, unknown])[] = [
    ["issuer", "http://localhost:3000/realm"],
    ["issuer", "http://127.1:80"],
    ["issuer", "http://[::1]:8080"],
    ["tokenEndpoint", "https://id.example.com/token?tenant=1"],
    ["resource", ["https://api.example.com/", "urn:example:other"]],
    ["timeoutMs", 1],
    ["maximumResponseBytes", 1],
    ["scope", "a b"],
    ["audience", "https://api.example.com"],
    ["dispatcher", new Agent()],
    ["fetch", fetch],
    ["refreshToken", "a refresh token"],
    ["rotation", "none"],
    ["subject", "Ünal"],
    ["clientSecret", "a whole pair: 😀"],
    ["freshness", 0.5],
  ]
  it.each(options)("%s: %o", (name, value) => {
    expect(() => new RefreshTokenSource(withOption(name, value))).not.toThrow()
  })
})

describe("a bad option is a TypeError that names it", () => {
  const options: readonly (readonly [string, unknown])[] = [
    ["issuer", undefined],
    ["issuer", ""],
    ["issuer", 7],
    ["issuer", new URL("https://id.example.com")],
    ["issuer", "id.example.com"],
    ["issuer", "http://id.example.com"],
    ["issuer", "http://127.0.0.1.example.com"],
    ["issuer", "http://localhost.example.com"],
    ["issuer", "ftp://localhost"],
    ["issuer", "https://me:secret-in-url@id.example.com"],
    ["issuer", "https://id.example.com/#top"],
    ["issuer", "https://id.example.com/?a=b"],
    ["tokenEndpoint", "http://10.0.0.1/token"],
    ["tokenEndpoint", null],
    ["clientId", undefined],
    ["clientId", ""],
    ["clientId", "a\nb"],
    ["clientSecret", undefined],
    ["clientSecret", ""],
    ["clientSecret", 7],
    ["clientSecret", "from-a-file\n"],
    ["clientSecret", "a bell: \u0007"],
    ["clientSecret", "a next line: \u0085"],
    ["clientSecret", "half a pair: \ud83d"],
    ["clientId", "half a pair: \ude00"],
    ["clientAuthentication", "basic"],
    ["clientAuthentication", null],
    ["clientAuthentication", { method: "private-key" }],
    ["scope", ""],
    ["scope", ["a"]],
    ["audience", ""],
    ["resource", "not a URI"],
    ["resource", ["https://api.example.com/", "https://api.example.com/#x"]],
    ["timeoutMs", 0],
    ["timeoutMs", Number.NaN],
    ["timeoutMs", 2 ** 31],
    ["maximumResponseBytes", -1],
    ["fetch", "fetch"],
    ["dispatcher", {}],
    ["dispatcher", null],
    ["clock", {}],
    ["clock", "x"],
    ["clock", null],
    ["timeoutMs", Symbol("5s")],
    ["maximumResponseBytes", Symbol("1 MB")],
    ["freshness", 2],
    ["refreshLeadMs", -1],
    ["refreshToken", ""],
    ["refreshToken", "line\n"],
    ["refreshToken", 7],
    ["rotation", "sometimes"],
    ["subject", ""],
  ]
  it.each(options)("%s: %o", (name, value) => {
    const error = caught(() => new RefreshTokenSource(withOption(name, value)))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain(name)
    expect(inspect(error)).not.toContain("secret-in-url")
  })

  it("a URL object in place of a string is told so", () => {
    const options = withOption("issuer", new URL("https://id.example.com"))
    expect(() => new RefreshTokenSource(options)).toThrow("issuer must be a string, an https URL; got an object")
  })

  it.each([ClientCredentialsSource, RefreshTokenSource])("no options at all: %o", (Source) => {
    for (const none of [[], [null]]) {
      expect(() => void Reflect.construct(Source, none)).toThrow(/^options must be an object; got (undefined|null)$/)
    }
  })

  it.each([
    ["ClientCredentialsSource", "client_secret", "clientSecret"],
    ["ClientCredentialsSource", "scopes", "scope"],
    ["ClientCredentialsSource", "subject", undefined],
    ["RefreshTokenSource", "refresh_token", "refreshToken"],
    ["RefreshTokenSource", "timeout", "timeoutMs"],
    ["TokenIntrospector", "endpoint", "introspectionEndpoint"],
    ["TokenRevoker", "endpoint", "revocationEndpoint"],
    ["AuthorizationCodeFlow", "authorizationUrl", "authorizationEndpoint"],
  ] as const)("%s: %s is none; perhaps %s was meant", (name, given, meant) => {
    const constructors = { ClientCredentialsSource, RefreshTokenSource, TokenIntrospector, TokenRevoker }
    const Source = { ...constructors, AuthorizationCodeFlow }[name]
    const guess = meant === undefined ? "" : `: did you mean ${meant}?`
    expect(() => new Source(withOption(given, "hunter2"))).toThrow(
      TypeError(`${given} is not an option of ${name}${guess}`),
    )
  })

  it("fetch and dispatcher at once", () => {
    expect(() => new ClientCredentialsSource({ ...good, fetch, dispatcher: new Agent() })).toThrow(
      /fetch and dispatcher/,
    )
  })

  it("a missing secret: it asks for the environment variable, and tells of public clients", () => {
    const error = caught(() => new ClientCredentialsSource({ ...good, clientSecret: process.env["NOT_SET_ANYWHERE"] }))
    expect(String(error)).toMatch(/clientSecret is undefined.*environment variable.*"none"/)
  })

  it("a secret that is not used", () => {
    expect(() => new ClientCredentialsSource({ ...good, clientAuthentication: "none" })).toThrow(
      /clientSecret is given/,
    )
  })

  const mutualTls = (fields: object) => withOption("clientAuthentication", { method: "tls_client_auth", ...fields })
  const environment = "Is the environment variable that it comes from set?"
  it.each([
    ["without a certificate", {}, `clientAuthentication.certificate is undefined. ${environment}`],
    ["with an empty key", { certificate: "PEM", key: "" }, `clientAuthentication.key is empty. ${environment}`],
    [
      "with a key that is no text",
      { certificate: "PEM", key: 7 },
      "clientAuthentication.key must be a text or { file }",
    ],
    [
      "with a file without a path",
      { certificate: { file: "" }, key: "PEM" },
      "clientAuthentication.certificate.file must",
    ],
    ["with what is no PEM", { certificate: "secret-pem", key: "secret-pem" }, "must be PEM texts that belong together"],
  ])("mutual TLS %s", (_, fields, message) => {
    const error = caught(() => new RefreshTokenSource({ ...mutualTls(fields), clientSecret: undefined }))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain(message)
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain("secret-pem")
  })

  it("mutual TLS with a secret, or with a certificate beside connections that present one", () => {
    const own = { dispatcher: new Agent(), clientSecret: undefined }
    expect(() => new RefreshTokenSource(mutualTls({ certificate: "PEM", key: "PEM" }))).toThrow(/clientSecret is given/)
    expect(() => new RefreshTokenSource({ ...mutualTls({ certificate: "PEM", key: "PEM" }), ...own })).toThrow(
      /certificate is given, but dispatcher or fetch connects/,
    )
    expect(() => new RefreshTokenSource({ ...mutualTls({}), ...own })).not.toThrow()
  })

  it.each([
    ["that is none", "-----BEGIN CERTIFICATE-----\nAAAA", "certificateAuthority must be certificates in PEM"],
    ["that is empty", "", `certificateAuthority is empty. ${environment}`],
    ["without a path", { file: undefined }, "certificateAuthority.file must be the path of a file"],
  ])("an authority %s", (_, certificateAuthority, message) => {
    const options = withOption("certificateAuthority", certificateAuthority)
    expect(() => new ClientCredentialsSource(options)).toThrow(TypeError)
    expect(() => new ClientCredentialsSource(options)).toThrow(message)
  })

  it("an authority beside connections that trust whom they like", () => {
    for (const own of [{ dispatcher: new Agent() }, { fetch }]) {
      const options = { ...withOption("certificateAuthority", { file: "ca.pem" }), ...own }
      expect(() => new ClientCredentialsSource(options)).toThrow(
        /^certificateAuthority is given, but dispatcher or fetch/,
      )
    }
  })

  it("a client id that raw Basic cannot carry", () => {
    const options = { ...good, clientId: "a:b", clientAuthentication: "client_secret_basic_raw" } as const
    expect(() => new ClientCredentialsSource(options)).toThrow(/clientId must not hold a colon/)
  })
})

describe("the fingerprint", () => {
  const of = (options: Partial<RefreshTokenOptions>) => new RefreshTokenSource({ ...good, ...options }).fingerprint
  const grantOf = (fingerprint: string) => fingerprint.split(".")[0]

  it("is the same for the same issuer, client, subject and access, whatever the rest", () => {
    const other = { issuer: "https://ID.example.com/", clientSecret: "another", timeoutMs: 5, refreshToken: "r" }
    expect(of(other)).toBe(of({}))
    expect(of({ scope: "a", resource: "https://a/" })).toBe(of({ scope: "a", resource: ["https://a/"] }))
  })

  it.each([{ scope: "other" }, { audience: "other" }, { resource: "urn:other" }])(
    "keeps the grant for other access: %o",
    (asked) => {
      expect(of(asked)).not.toBe(of({}))
      expect(grantOf(of(asked))).toBe(grantOf(of({})))
    },
  )

  it.each([{ issuer: "https://other.example.com" }, { clientId: "other" }, { subject: "other" }])(
    "is of another grant for another of %o",
    (who) => {
      expect(grantOf(of(who))).not.toBe(grantOf(of({})))
    },
  )

  it("tells the client's own tokens from those of a user", () => {
    expect(grantOf(new ClientCredentialsSource(good).fingerprint)).not.toBe(grantOf(of({})))
  })

  it("is by the token endpoint where no issuer is given", () => {
    const at = (tokenEndpoint: string) => of({ issuer: undefined, tokenEndpoint })
    expect(at("https://id.example.com/a")).not.toBe(at("https://id.example.com/b"))
  })
})

it("no secret of the options shows in inspect or JSON", () => {
  const source = new RefreshTokenSource({ ...good, refreshToken: "the-refresh-token" })
  const shown = inspect(source, { showHidden: true, depth: 9 }) + JSON.stringify(source)
  expect(shown).not.toContain("hunter2")
  expect(shown).not.toContain("the-refresh-token")
})

function caught(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}
