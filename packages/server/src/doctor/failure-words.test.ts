import { TokenError } from "evertoken"
import { expect, test } from "vitest"
import { failureWords } from "./failure-words.js"

test.each([
  ["ENOTFOUND", "there is no such host"],
  ["UND_ERR_CONNECT_TIMEOUT", "it does not answer in time"],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["28P01", "it fails with 28P01"],
])("%s is told in words", (code, message) => {
  const error = Object.assign(new Error("canary"), { code })
  expect(failureWords(error).message).toBe(message)
  expect(failureWords(new Error("canary", { cause: error })).message).toBe(message)
  expect(failureWords(new AggregateError([error], "canary")).message).toBe(message)
})

test("what has no code is told by its kind, and its text is not", () => {
  expect(failureWords(new RangeError("canary")).message).toBe("it fails with RangeError")
  expect(failureWords("canary").message).toBe("it fails with no reason")
})

test("the library's own words have no secret in them, and are told", () => {
  const error = new TokenError("ERR_TOKEN_CACHE", "the store is read-only", { transient: false })
  expect(failureWords(error).message).toBe("the store is read-only")
})
