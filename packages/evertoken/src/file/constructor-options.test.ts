import { expect, test } from "vitest"
import { FileTokenCache } from "./file-token-cache.js"
import { FileTokenSource } from "./file-token-source.js"

const CONSTRUCTORS = {
  FileTokenCache: (options: object) => new FileTokenCache("token.json", options),
  FileTokenSource: (options: object) => new FileTokenSource("token", options),
}

const NO_CLOCKS = [{}, "x", 5, null, { setTimer: () => undefined }]
// a longer delay would make a timer fire at once, and again and again
const NO_PAUSES = [Symbol("1s"), 1n, "1000", null, NaN, 9, 2 ** 31]

test.each([
  ["FileTokenCache", "clock", NO_CLOCKS],
  ["FileTokenCache", "pollMs", NO_PAUSES],
  ["FileTokenSource", "clock", NO_CLOCKS],
  ["FileTokenSource", "pollMs", NO_PAUSES],
  ["FileTokenSource", "lifetimeMs", [Symbol("1s"), 1n, "1000", null, NaN, 0]],
] as const)("%s: a bad %s is a TypeError that names it", (constructor, option, values) => {
  for (const value of values) {
    const construct = () => CONSTRUCTORS[constructor]({ [option]: value })
    expect(construct).toThrow(TypeError)
    expect(construct).toThrow(new RegExp(`^${option} must be `))
  }
})

test.each([
  ["FileTokenCache", "poll", "pollMs"],
  ["FileTokenSource", "lifetime", "lifetimeMs"],
] as const)("%s: %s is a TypeError that asks whether %s was meant", (constructor, given, meant) => {
  const message = `${given} is not an option of ${constructor}: did you mean ${meant}?`
  expect(() => CONSTRUCTORS[constructor]({ [given]: 5 })).toThrow(TypeError(message))
})
