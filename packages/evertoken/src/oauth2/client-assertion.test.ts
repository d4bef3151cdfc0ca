import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, expect, it } from "vitest"
import type { Assertion } from "./assertion.js"
import { ClientCredentialsSource } from "./client-credentials-source.js"

const directory = mkdtempSync(join(tmpdir(), "evertoken-client-assertion-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = join(directory, "token")

let forms: Record<string, string>[]
beforeEach(() => {
  forms = []
})

const sourceWith = (assertion: Assertion) =>
  new ClientCredentialsSource({
    tokenEndpoint: "https://id.example.com/token",
    clientId: "billing",
    clientAuthentication: { method: "client_assertion", assertion },
    fetch: async (_url, { body } = {}) => {
      forms.push(Object.fromEntries(new URLSearchParams(typeof body === "string" ? body : "")))
      return Response.json({ access_token: "at", token_type: "Bearer", expires_in: 60 })
    },
  })

it("the client proves itself by the newest assertion in its file, and by no secret", async () => {
  writeFileSync(file, "first\n")
  const source = sourceWith({ file })
  await source.getToken()
  writeFileSync(file, "second\n")
  await source.getToken()
  const proof = (client_assertion: string) => ({
    grant_type: "client_credentials",
    client_id: "billing",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion,
  })
  expect(forms).toEqual([proof("first"), proof("second")])
})

it("an assertion that cannot be had is a transient failure, and sends nothing", async () => {
  const missing = sourceWith({ file: join(directory, "missing") }).getToken()
  await expect(missing).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true, ambiguous: false })
  const failing = sourceWith(() => Promise.reject(new Error("hunter2"))).getToken()
  const message = "the clientAuthentication.assertion could not be had: Error"
  await expect(failing).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE", message })
  expect(forms).toEqual([])
})

it("an assertion that never comes is waited for no longer than the caller likes", async () => {
  const patience = new AbortController()
  const source = sourceWith(() => {
    patience.abort("enough")
    return new Promise(() => undefined)
  })
  await expect(source.getToken({ signal: patience.signal })).rejects.toBe("enough")
  expect(forms).toEqual([])
})

it("a bad assertion is a TypeError that names the option", () => {
  for (const assertion of [undefined, "", "from-a-file\n", {}, { file: "" }]) {
    expect(() => sourceWith(assertion as never)).toThrow(/^clientAuthentication\.assertion(\.file)? /)
  }
})
