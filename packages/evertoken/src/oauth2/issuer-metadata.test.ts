import { describe, expect, it } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { ClientCredentialsSource, type ClientCredentialsOptions } from "./client-credentials-source.js"
import { RefreshTokenSource } from "./refresh-token-source.js"

const ISSUER = "https://id.example.com/realm"
const RFC8414 = "https://id.example.com/.well-known/oauth-authorization-server/realm"
const OIDC = "https://id.example.com/realm/.well-known/openid-configuration"
const TOKEN = "https://id.example.com/realm/token"

const metadata = { issuer: ISSUER, token_endpoint: TOKEN }

type Answers = Record<string, () => Response | Promise<Response>>

function optionsWith(answers: Answers, issuer = ISSUER) {
  const requested: string[] = []
  const clock = new VirtualClock()
  const fetch = async (input: unknown) => {
    const url = String(input)
    requested.push(url)
    const granted = () => Response.json({ access_token: "a", token_type: "bearer", expires_in: 60 })
    return (answers[url] ?? (url.includes("well-known") ? () => new Response("", { status: 404 }) : granted))()
  }
  const options = { issuer, clientId: "c", clientSecret: "the-client-secret", fetch, clock }
  return { options, requested, clock }
}

function sourceWith(answers: Answers, issuer = ISSUER, changes: Partial<ClientCredentialsOptions> = {}) {
  const { options, ...rest } = optionsWith(answers, issuer)
  return { source: new ClientCredentialsSource({ ...options, ...changes }), ...rest }
}

describe("an issuer's metadata", () => {
  it("is looked for by RFC 8414, and kept", async () => {
    const { source, requested } = sourceWith({ [RFC8414]: () => Response.json(metadata) })
    await source.getToken()
    await source.getToken()
    expect(requested).toEqual([RFC8414, TOKEN, TOKEN])
  })

  it.each([
    ["is not there", () => new Response("", { status: 404 })],
    ["is a page of the application's", () => new Response("<html>")],
    ["is a redirect", () => new Response("", { status: 302, headers: { location: "https://elsewhere/" } })],
    ["is of another issuer", () => Response.json({ ...metadata, issuer: "https://other.example.com" })],
  ])("is looked for by OpenID Connect Discovery where the former %s", async (_, former) => {
    const { source, requested } = sourceWith({ [RFC8414]: former, [OIDC]: () => Response.json(metadata) })
    await source.getToken()
    expect(requested).toEqual([RFC8414, OIDC, TOKEN])
  })

  it("is asked for once by callers at the same time, and the patience of one does not end it for the others", async () => {
    const held = signalled()
    const { source, requested } = sourceWith({ [RFC8414]: () => held.given.then(() => Response.json(metadata)) })
    const impatient = new AbortController()
    const cancelled = source.getToken({ signal: impatient.signal })
    const patient = [source.getToken(), source.getToken({ signal: new AbortController().signal })]
    impatient.abort("enough")
    await expect(cancelled).rejects.toBe("enough")
    held.give()
    await Promise.all(patient)
    expect(requested).toEqual([RFC8414, TOKEN, TOKEN])
  })

  it("is asked for again after a failure", async () => {
    const answers = [() => Response.error(), () => Response.json(metadata)]
    const { source, requested } = sourceWith({ [RFC8414]: () => (answers.shift() ?? Response.error)() })
    await expect(source.getToken()).rejects.toMatchObject({ ambiguous: false })
    await source.getToken()
    expect(requested.filter((url) => url === TOKEN)).toHaveLength(1)
  })
})

describe("metadata that was found once", () => {
  const MOVED = "https://id.example.com/realm/moved"
  const HOUR = 3_600_000
  const moved = () => Response.json({ ...metadata, token_endpoint: MOVED })

  it("is good for an hour, and asked for again by the first who needs it then", async () => {
    const answers = [() => Response.json(metadata), moved]
    const { source, requested, clock } = sourceWith({ [RFC8414]: () => (answers.shift() ?? Response.error)() })
    await source.getToken()
    await clock.advance(HOUR - 1)
    await source.getToken()
    await clock.advance(1)
    await Promise.all([source.getToken(), source.getToken()])
    await source.getToken()
    expect(requested).toEqual([RFC8414, TOKEN, TOKEN, RFC8414, MOVED, MOVED, MOVED])
  })

  it.each([
    ["does not answer", () => Promise.reject(Object.assign(new Error(), { code: "ECONNRESET" }))],
    ["is overloaded", () => new Response("", { status: 503 })],
    ["is not there", () => new Response("", { status: 404 })],
    ["is no use", () => Response.json({ issuer: ISSUER, token_endpoint: "http://evil.example.com" })],
  ])("stays in use, for another hour, where the new one %s", async (_, failing) => {
    const answers = [() => Response.json(metadata), failing, moved]
    const { source, requested, clock } = sourceWith({ [RFC8414]: () => (answers.shift() ?? Response.error)() })
    await source.getToken()
    await clock.advance(HOUR)
    await source.getToken()
    await clock.advance(HOUR - 1)
    await source.getToken()
    expect(requested.filter((url) => url === TOKEN)).toHaveLength(3)
    await clock.advance(1)
    await source.getToken()
    expect(requested.at(-1)).toBe(MOVED)
  })

  it("stays in use where the new one never comes, with time left for the token", async () => {
    const answers = [() => Response.json(metadata), () => new Promise<Response>(() => {})]
    const { source, requested, clock } = sourceWith({ [RFC8414]: () => (answers.shift() ?? Response.error)() })
    await source.getToken()
    await clock.advance(HOUR)
    const token = source.getToken()
    await clock.advance(4_000)
    expect((await token).accessToken).toBe("a")
    expect(requested).toEqual([RFC8414, TOKEN, RFC8414, TOKEN])
  })

  it.each([404, 405, 410])("is asked for again after the token endpoint answered %d", async (status) => {
    const answers = [() => Response.json(metadata), moved]
    const { source, requested } = sourceWith({
      [RFC8414]: () => (answers.shift() ?? Response.error)(),
      [TOKEN]: () => new Response("", { status }),
    })
    await expect(source.getToken()).rejects.toMatchObject({ status, transient: false, ambiguous: false })
    await source.getToken()
    expect(requested).toEqual([RFC8414, TOKEN, RFC8414, MOVED])
  })

  it("is asked for again after an ID token was signed with a key of a kind that it does not name", async () => {
    const naming = (alg: string) => () => Response.json({ ...metadata, id_token_signing_alg_values_supported: [alg] })
    const answers = [naming("RS256"), naming("ES256")]
    const { options, requested, clock } = optionsWith({
      [RFC8414]: () => (answers.shift() ?? Response.error)(),
      [TOKEN]: () => Response.json({ access_token: "a", token_type: "bearer", expires_in: 60, id_token: idToken }),
    })
    const iat = clock.now() / 1000
    const idToken = [{ alg: "ES256" }, { iss: ISSUER, aud: "c", sub: "alice", iat, exp: iat + 60 }, "signature"]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".")
    const source = new RefreshTokenSource({ ...options, refreshToken: "rt-0" })
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
    expect((await source.getToken()).idToken).toBe(idToken)
    expect(requested).toEqual([RFC8414, TOKEN, RFC8414, TOKEN])
  })

  it.each([400, 401, 403, 429, 500])("is good though the token endpoint answered %d", async (status) => {
    const { source, requested } = sourceWith({
      [RFC8414]: () => Response.json(metadata),
      [TOKEN]: () => new Response("", { status }),
    })
    for (let i = 0; i < 2; i += 1) await expect(source.getToken()).rejects.toMatchObject({ status })
    expect(requested).toEqual([RFC8414, TOKEN, TOKEN])
  })
})

describe("an endpoint for mutual TLS (RFC 8705, section 5)", () => {
  const MUTUAL = "https://mtls.example.com/token"

  it.each([
    ["is used by a client that authenticates so", { method: "tls_client_auth" }, MUTUAL],
    ["is not used by others", "none", TOKEN],
  ] as const)("%s", async (_, clientAuthentication, expected) => {
    const document = { ...metadata, mtls_endpoint_aliases: { token_endpoint: MUTUAL } }
    const options = { clientAuthentication, clientSecret: undefined }
    const { source, requested } = sourceWith({ [RFC8414]: () => Response.json(document) }, ISSUER, options)
    await source.getToken()
    expect(requested).toEqual([RFC8414, expected])
  })

  const mutualTls = { clientAuthentication: { method: "tls_client_auth" }, clientSecret: undefined } as const
  it.each([undefined, null, 7, {}, { revocation_endpoint: MUTUAL }])(
    "is that for everybody where the metadata has %j",
    async (aliases) => {
      const document = { ...metadata, mtls_endpoint_aliases: aliases }
      const { source, requested } = sourceWith({ [RFC8414]: () => Response.json(document) }, ISSUER, mutualTls)
      await source.getToken()
      expect(requested).toEqual([RFC8414, TOKEN])
    },
  )

  it.each(["http://mtls.example.com/token", "/token", 7])("is refused if it is %j", async (endpoint) => {
    const document = { ...metadata, mtls_endpoint_aliases: { token_endpoint: endpoint } }
    const { source, requested } = sourceWith({ [RFC8414]: () => Response.json(document) }, ISSUER, mutualTls)
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID", ambiguous: false })
    expect(requested.filter((url) => !url.includes("well-known"))).toEqual([])
  })
})

describe("without usable metadata nothing is sent to a token endpoint", () => {
  it.each([500, 503, 429, 408])("%d passes, and is not taken for absent", async (status) => {
    const { source, requested } = sourceWith({ [RFC8414]: () => new Response("", { status }) })
    await expect(source.getToken()).rejects.toMatchObject({ status, transient: true, ambiguous: false })
    expect(requested).toEqual([RFC8414])
  })

  it.each([429, 503])("%d says when to come back", async (status) => {
    const headers = { "retry-after": "7" }
    const { source } = sourceWith({ [RFC8414]: () => new Response("", { status, headers }) })
    await expect(source.getToken()).rejects.toMatchObject({ status, retryAfterMs: 7_000 })
  })

  it("a failing request passes", async () => {
    const reset = () => Promise.reject(Object.assign(new Error(), { code: "ECONNRESET" }))
    const { source } = sourceWith({ [RFC8414]: reset })
    await expect(source.getToken()).rejects.toMatchObject({
      code: "ERR_TOKEN_REQUEST",
      transient: true,
      ambiguous: false,
    })
  })

  it("absent at both places", async () => {
    const { source, requested } = sourceWith({})
    await expect(source.getToken()).rejects.toMatchObject({ status: 404, transient: false, ambiguous: false })
    expect(requested).toEqual([RFC8414, OIDC])
    await expect(source.getToken()).rejects.toThrow(
      `no metadata at ${OIDC}: it answered 404. issuer is the identifier without /.well-known/…; or give the endpoint itself`,
    )
  })

  it("of another issuer at one place, absent at the other: both issuers are named", async () => {
    const issuer = `https://id.example.com/\u202eother${"x".repeat(500)}`
    const { source } = sourceWith({ [RFC8414]: () => Response.json({ ...metadata, issuer }) })
    const message: unknown = await source.getToken().catch((error: unknown) => String(error))
    expect(message).toContain("is that of https://id.example.com/ otherxxx")
    expect(message).toContain(`but the issuer is configured as ${ISSUER} `)
    expect(message).not.toContain("x".repeat(200))
  })

  it.each([
    ["of another issuer", { ...metadata, issuer: "https://id.example.com/other" }, /JSON_ATTRIBUTE_COMPARISON/],
    ["without an issuer", { token_endpoint: TOKEN }, /not valid/],
    ["without a token endpoint", { issuer: ISSUER }, /no valid token_endpoint/],
    ["with a relative token endpoint", { ...metadata, token_endpoint: "/token" }, /no valid token_endpoint/],
    ["with a token endpoint in the clear", { ...metadata, token_endpoint: "http://id.example.com/token" }, /not https/],
    ["with a token endpoint on this machine", { ...metadata, token_endpoint: "http://localhost/token" }, /not https/],
    ["with a user name", { ...metadata, token_endpoint: "https://me:pw@id.example.com/token" }, /user name/],
    ["an array", [metadata], /not valid/],
  ])("%s", async (_, document, message) => {
    const { source, requested } = sourceWith({ [OIDC]: () => Response.json(document) })
    const failure = source.getToken()
    await expect(failure).rejects.toMatchObject({
      code: "ERR_TOKEN_RESPONSE_INVALID",
      transient: false,
      ambiguous: false,
    })
    await expect(failure).rejects.toThrow(message)
    expect(requested).toEqual([RFC8414, OIDC])
  })

  it("larger than what is read", async () => {
    const { source } = sourceWith({ [OIDC]: () => new Response("x".repeat(2 ** 20 + 1)) })
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
  })
})

it("a refresh token source finds it without spending anything, and spends without looking for it again", async () => {
  const { options, requested } = optionsWith({ [RFC8414]: () => Response.json(metadata) })
  const source = new RefreshTokenSource({ ...options, refreshToken: "rt-0" })
  await source.prepare(new AbortController().signal)
  expect(requested).toEqual([RFC8414])
  await source.getToken()
  expect(requested).toEqual([RFC8414, TOKEN])
})

it("whoever is not patient any more gets the reason for it", async () => {
  const { options } = optionsWith({ [RFC8414]: () => new Promise(() => {}) })
  const patience = new AbortController()
  const preparing = new RefreshTokenSource({ ...options, refreshToken: "rt-0" }).prepare(patience.signal)
  patience.abort("enough")
  await expect(preparing).rejects.toBe("enough")
})

it("an issuer on this machine may have its token endpoint there in the clear", async () => {
  const issuer = "http://127.0.0.1:3000"
  const document = { issuer, token_endpoint: `${issuer}/token` }
  const url = `${issuer}/.well-known/oauth-authorization-server`
  const { source, requested } = sourceWith({ [url]: () => Response.json(document) }, issuer)
  await source.getToken()
  expect(requested).toEqual([url, `${issuer}/token`])
})

it("an issuer on this machine may not have its token endpoint elsewhere in the clear", async () => {
  const issuer = "http://127.0.0.1:3000"
  const document = { issuer, token_endpoint: "http://id.example.com/token" }
  const { source, requested } = sourceWith(
    { [`${issuer}/.well-known/openid-configuration`]: () => Response.json(document) },
    issuer,
  )
  await expect(source.getToken()).rejects.toThrow(/not https/)
  expect(requested).not.toContain("http://id.example.com/token")
})

function signalled() {
  let give = () => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  return { give, given }
}
