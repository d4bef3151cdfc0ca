import { inspect } from "node:util"
import { expect, test } from "vitest"
import {
  deserializePendingAuthorization,
  PendingAuthorization,
  serializePendingAuthorization,
} from "./pending-authorization.js"

const SECRETS = { state: "canary-state-8d1f", codeVerifier: "canary-verifier-27aa", nonce: "canary-nonce-55e0" }
const fields = {
  url: `https://id.example.com/authorize?client_id=c&state=${SECRETS.state}`,
  redirectUri: "https://app.example.com/callback",
  issuer: "https://id.example.com",
  ...SECRETS,
}
const pending = new PendingAuthorization(fields)

test("nothing shows its secrets by accident", () => {
  const shown = [
    inspect(pending, { showHidden: true, depth: 9 }),
    JSON.stringify({ pending }),
    String(pending),
    JSON.stringify(Object.assign({}, pending)),
    inspect(structuredClone(pending)),
  ]
  for (const text of shown) expect(text).not.toContain("canary")
  expect(shown[0]).toContain("https://id.example.com/authorize?[redacted]")
})

test.each([fields, { ...fields, nonce: undefined }])("what was written deliberately comes back", (written) => {
  const stored: unknown = JSON.parse(JSON.stringify(serializePendingAuthorization(new PendingAuthorization(written))))
  const back = deserializePendingAuthorization(stored)
  const { url, redirectUri, issuer, state, codeVerifier, nonce } = back
  expect({ url, redirectUri, issuer, state, codeVerifier, nonce }).toEqual(written)
})

test.each([
  ["nothing", undefined, "must be an object"],
  ["what JSON.stringify made of it", JSON.parse(JSON.stringify(pending)) as unknown, "serializePendingAuthorization"],
  ["no state", { ...fields, state: undefined }, "state must be a string"],
  ["an empty nonce", { ...fields, nonce: "" }, "nonce must be a string"],
  ["a url that is none", { ...fields, url: "canary" }, "url must be a URL"],
])("%s is refused by name, without a value", (_, data, message) => {
  expect(() => deserializePendingAuthorization(data)).toThrow(message)
  expect(() => deserializePendingAuthorization(data)).not.toThrow("canary")
})
