import { expect, test } from "vitest"
import { assertOptions, type OptionNames } from "./options-object.js"

interface Options {
  readonly caches?: unknown
  readonly storeTimeoutMs?: number
  readonly requestTimeoutMs?: number
  readonly clientSecret?: string
}

const NAMES: OptionNames<Options> = { caches: true, storeTimeoutMs: true, requestTimeoutMs: true, clientSecret: true }

const check = (options: object) => () => assertOptions<Options>("CachedTokenSource", options, NAMES)

test.each([
  ["cache", "caches"],
  ["storeTimeout", "storeTimeoutMs"],
  ["requestTimeoutMS", "requestTimeoutMs"],
  ["client_secret", "clientSecret"],
  ["secret", "clientSecret"],
  ["clinetSecret", "clientSecret"],
])("an option that is not one, %s, is a TypeError that asks whether %s was meant", (given, meant) => {
  const message = `${given} is not an option of CachedTokenSource: did you mean ${meant}?`
  expect(check({ [given]: 5 })).toThrow(TypeError(message))
})

test.each(["ttl", "", "7", "__proto__", "constructor", "toString", "hasOwnProperty"])(
  "an option that is like none, %s, is a TypeError without a guess",
  (given) => {
    const options = Object.fromEntries([[given, 5]])
    expect(check(options)).toThrow(TypeError(`${given} is not an option of CachedTokenSource`))
  },
)

test("an option that is not one is told even if it is undefined: tomorrow it may have a value", () => {
  expect(check({ cache: undefined })).toThrow(/^cache is not an option/)
})

test.each([{}, { caches: [] }, { caches: undefined, clientSecret: "s" }])(
  "options that are ones are taken",
  (options) => {
    expect(check(options)).not.toThrow()
  },
)
