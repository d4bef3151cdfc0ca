import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTokenEvent } from "evertoken"
import { ClientCredentialsSource, JwtBearerSource } from "evertoken/oauth2"
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Authority, selfSigned, type Credentials } from "../hostile/certificates.js"
import { REGISTERED_NAME } from "../issuer/mutual-tls-port.js"
import { RealIssuer } from "../issuer/real-issuer.js"

let authority: Authority
let registered: Credentials
let issuer: RealIssuer
let directory: string
let kept: string[]
let stopListening: () => void
beforeAll(async () => {
  authority = await Authority.create("trusted by the test")
  registered = await selfSigned()
})
beforeEach(async () => {
  issuer = await RealIssuer.start({ mutualTls: { authority, selfSigned: registered } })
  directory = mkdtempSync(join(tmpdir(), "evertoken-files-"))
  kept = []
  stopListening = onTokenEvent("credentials-kept", ({ detail }) => kept.push(detail))
})
afterEach(async () => {
  stopListening()
  expect(kept.join()).not.toContain("PRIVATE KEY")
  await issuer.close()
  rmSync(directory, { recursive: true, force: true })
})

const path = (name: string) => join(directory, name)

describe("certificates in files, as a certificate manager keeps them for a client", () => {
  let version = 0

  /** As Kubernetes does: all of them change at once, by a symbolic link that is put in the place of another. */
  function publish(files: Readonly<Record<string, string>>): void {
    const now = path(`version-${++version}`)
    mkdirSync(now)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(now, name), text)
    symlinkSync(now, path("next"))
    renameSync(path("next"), path("current"))
  }

  function volume({ cert, key }: Credentials, ca = authority.certificate) {
    return { "tls.crt": cert, "tls.key": key, "ca.crt": ca }
  }

  function source() {
    return new ClientCredentialsSource({
      issuer: issuer.url,
      ...issuer.clients.vouchedFor,
      clientAuthentication: {
        method: "tls_client_auth",
        certificate: { file: path("current/tls.crt") },
        key: { file: path("current/tls.key") },
      },
      certificateAuthority: { file: path("current/ca.crt") },
    })
  }

  const named = () => authority.issue({ names: [{ type: "dns", value: REGISTERED_NAME }] })

  it("the next token is asked for with those that are there by then", async () => {
    const billing = source()
    publish(volume(await authority.issue()))
    await expect(billing.getToken()).rejects.toMatchObject({ error: "invalid_client" })
    publish(volume(await named()))
    expect(await billing.getToken()).toMatchObject({ tokenType: "Bearer" })
    publish(volume(await authority.issue()))
    await expect(billing.getToken()).rejects.toMatchObject({ error: "invalid_client" })
    expect(kept).toEqual([])
  })

  it("the issuer is trusted whom the authority vouches for that is there by then; nothing is sent to another", async () => {
    const billing = source()
    const another = await Authority.create("of another issuer")
    publish(volume(await named(), another.certificate))
    await expect(billing.getToken()).rejects.toMatchObject({
      code: "ERR_TOKEN_REQUEST",
      transient: true,
      ambiguous: false,
    })
    expect(issuer.requests.total).toBe(0)
    publish(volume(await named(), `${another.certificate}\n${authority.certificate}`))
    expect(await billing.getToken()).toMatchObject({ tokenType: "Bearer" })
  })

  it("as long as they are half written, do not belong together or are gone, those before are used, which is told", async () => {
    const billing = source()
    const first = volume(await named())
    publish(first)
    await billing.getToken()
    const second = volume(await named())
    const halfOf = (text: string) => text.slice(0, text.length / 2)
    const broken = [
      { ...second, "tls.key": first["tls.key"] },
      { ...second, "tls.crt": halfOf(second["tls.crt"]) },
      // a whole one, and half of what signs it
      { ...second, "tls.crt": second["tls.crt"] + halfOf(authority.certificate) },
      { ...second, "tls.key": halfOf(second["tls.key"]) },
      { ...second, "ca.crt": second["ca.crt"] + halfOf(second["ca.crt"]) },
      { ...second, "ca.crt": "" },
      {},
    ]
    for (const files of broken) {
      publish(files)
      expect(await billing.getToken()).toMatchObject({ tokenType: "Bearer" })
    }
    expect(kept.map((detail) => /belong together|certificates in PEM|ENOENT/.exec(detail)?.[0])).toEqual([
      ...["belong together", "belong together", "belong together", "belong together"],
      ...["certificates in PEM", "certificates in PEM", "ENOENT"],
    ])
    publish(volume(await authority.issue()))
    await expect(billing.getToken()).rejects.toMatchObject({ error: "invalid_client" })
  })

  it("that are not there yet when the program starts are waited for as for an issuer that is down", async () => {
    const billing = source()
    const failure = { code: "ERR_TOKEN_SOURCE", transient: true, ambiguous: false }
    await expect(billing.getToken()).rejects.toMatchObject(failure)
    publish(volume(await named()))
    expect(await billing.getToken()).toMatchObject({ tokenType: "Bearer" })
  })
})

describe("a key in a file, which signs", () => {
  const unknown = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
  const file = () => path("key")
  const pemOf = (key: KeyObject) => key.export({ format: "pem", type: "pkcs8" }).toString()

  it("as a client assertion: the next one is signed with what is there by then, whole and readable", async () => {
    const { clientId, privateKey, keyId } = issuer.clients.privateKeyJwt
    const jwkOf = (key: KeyObject, kid: string) => JSON.stringify({ ...key.export({ format: "jwk" }), kid })
    const clientAuthentication = { method: "private_key_jwt", key: { file: file() } } as const
    const source = new ClientCredentialsSource({ issuer: issuer.url, clientId, clientAuthentication })
    writeFileSync(file(), jwkOf(unknown, "unknown"))
    await expect(source.getToken()).rejects.toMatchObject({ error: "invalid_client" })
    writeFileSync(file(), jwkOf(privateKey, keyId))
    await source.getToken()
    writeFileSync(file(), jwkOf(unknown, "unknown").slice(0, 99))
    await source.getToken()
    rmSync(file())
    await source.getToken()
    expect(kept.map((detail) => /be read: [^;]{6}/.exec(detail)?.[0])).toEqual(["be read: it mus", "be read: ENOENT"])
    writeFileSync(file(), pemOf(unknown))
    await expect(source.getToken()).rejects.toMatchObject({ error: "invalid_client" })
  })

  it("as the assertion of a JWT bearer grant: the same", async () => {
    const { platform, privateKey } = issuer.workloads
    const options = { issuer: issuer.url, ...issuer.clients.workload, clientAuthentication: "none" } as const
    const assertion = { key: { file: file() }, issuer: platform, subject: "billing" }
    const source = new JwtBearerSource({ ...options, assertion })
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true })
    writeFileSync(file(), pemOf(unknown))
    await expect(source.getToken()).rejects.toMatchObject({ error: "invalid_grant" })
    writeFileSync(file(), pemOf(privateKey))
    await source.getToken()
    writeFileSync(file(), pemOf(unknown).slice(0, 99))
    await source.getToken()
    expect([issuer.workloads.taken, kept.length]).toEqual([["billing", "billing"], 1])
  })
})
