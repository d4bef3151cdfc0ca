import { createHmac, generateKeyPairSync, verify } from "node:crypto"
import { describe, expect, it } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { ClientCredentialsSource, type ClientCredentialsOptions } from "./client-credentials-source.js"

const CLIENT = "a client/id"
const SECRET = "s&cret +ü~"

async function requestOf(options: Omit<ClientCredentialsOptions, "clientId">) {
  const sent: { form: URLSearchParams; authorization: string | null }[] = []
  const fetch = async (_url: unknown, { body, headers }: RequestInit = {}) => {
    sent.push({
      form: new URLSearchParams(typeof body === "string" ? body : ""),
      authorization: new Headers(headers).get("authorization"),
    })
    return Response.json({ access_token: "a", token_type: "bearer", expires_in: 60 })
  }
  const source = new ClientCredentialsSource({ clientId: CLIENT, ...options, fetch })
  await source.getToken()
  const [request] = sent
  if (!request) throw new Error("nothing was sent")
  return request
}

function credentialsOf(authorization: string | null): string {
  return Buffer.from(authorization?.replace("Basic ", "") ?? "", "base64").toString()
}

function jwtOf(form: URLSearchParams) {
  const [header = "", payload = "", signature = ""] = (form.get("client_assertion") ?? "").split(".")
  const decoded = [header, payload].map((part): unknown => JSON.parse(Buffer.from(part, "base64url").toString()))
  return { header: decoded[0], payload: decoded[1], signed: `${header}.${payload}`, signature }
}

const at = { tokenEndpoint: "https://id.example.com/token" }

describe("the client authenticates itself", () => {
  it("by Basic with form-encoded credentials if nothing else is said (RFC 6749, section 2.3.1)", async () => {
    const { form, authorization } = await requestOf({ ...at, clientSecret: SECRET })
    const decoded = credentialsOf(authorization)
      .split(":")
      .map((part) => new URLSearchParams(`p=${part}`).get("p"))
    expect(decoded).toEqual([CLIENT, SECRET])
    expect(credentialsOf(authorization)).not.toContain(SECRET)
    expect(form.has("client_secret")).toBe(false)
  })

  it("by Basic with raw credentials", async () => {
    const { authorization } = await requestOf({
      ...at,
      clientSecret: SECRET,
      clientAuthentication: "client_secret_basic_raw",
    })
    expect(credentialsOf(authorization)).toBe(`${CLIENT}:${SECRET}`)
  })

  it("in the form", async () => {
    const { form, authorization } = await requestOf({
      ...at,
      clientSecret: SECRET,
      clientAuthentication: "client_secret_post",
    })
    expect([form.get("client_id"), form.get("client_secret"), authorization]).toEqual([CLIENT, SECRET, null])
  })

  it("not at all", async () => {
    const { form, authorization } = await requestOf({ ...at, clientAuthentication: "none" })
    expect([form.get("client_id"), form.get("client_secret"), authorization]).toEqual([CLIENT, null, null])
  })

  it("by a JWT signed with the secret, which is not sent", async () => {
    const { form } = await requestOf({ ...at, clientSecret: SECRET, clientAuthentication: "client_secret_jwt" })
    const { header, signed, signature } = jwtOf(form)
    expect(header).toEqual({ alg: "HS256" })
    expect(signature).toBe(createHmac("sha256", SECRET).update(signed).digest("base64url"))
    expect(form.toString()).not.toContain(encodeURIComponent(SECRET))
  })

  it("by a JWT signed with a private key, on the clock given", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const clock = new VirtualClock()
    const { form } = await requestOf({
      ...at,
      clock,
      clientAuthentication: { method: "private_key_jwt", key: privateKey, keyId: "k1" },
    })
    const { header, payload, signed, signature } = jwtOf(form)
    const now = clock.now() / 1000
    expect(header).toEqual({ alg: "EdDSA", kid: "k1" })
    expect(payload).toMatchObject({ iss: CLIENT, sub: CLIENT, aud: at.tokenEndpoint })
    const { iat } = payload as { iat: number }
    // the global clock may turn to its next second in between
    expect(Math.abs(iat - now)).toBeLessThanOrEqual(2)
    expect(verify(null, Buffer.from(signed), publicKey, Buffer.from(signature, "base64url"))).toBe(true)
  })

  it("by a JWT whose audience is the issuer as it was written", async () => {
    const clientAuthentication = {
      method: "private_key_jwt",
      key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    } as const
    const { form } = await requestOf({ ...at, issuer: "https://id.example.com", clientAuthentication })
    expect(jwtOf(form).payload).toMatchObject({ aud: "https://id.example.com" })
  })
})

it("a key that fails to sign sends nothing, and shows nothing", async () => {
  const broken = {
    method: "private_key_jwt",
    key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  } as const
  const source = new ClientCredentialsSource({
    ...at,
    clientId: CLIENT,
    clientAuthentication: broken,
    fetch: () => Promise.reject(new Error("sent")),
  })
  broken.key.export = () => {
    throw new Error("secret-in-a-message")
  }
  await expect(source.getToken()).rejects.toMatchObject({
    code: "ERR_TOKEN_REQUEST",
    message: "nothing was sent to the issuer: the client assertion could not be signed",
    transient: false,
    ambiguous: false,
  })
})
