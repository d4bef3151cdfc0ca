import { expect, test } from "vitest"
import { SecretReference } from "./secret-reference.js"
import { unsafeBinding } from "./unsafe-binding.js"

function at(address: string) {
  return unsafeBinding({ tcp: { port: 1, address, apiKey: SecretReference.parse("env:K") } })
}

test("an address that other machines reach is told, and one of this machine is not", () => {
  for (const address of ["127.0.0.1", "127.8.9.10", "::1", "localhost"]) expect(at(address)).toBeUndefined()
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "a.127.0.0.1", "localhost.example.com", ""]) {
    expect(at(address)).toContain("--unsafe-bind")
  }
  expect(unsafeBinding({})).toBeUndefined()
})
