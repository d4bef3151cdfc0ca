import { expect, it } from "vitest"
import { retryAfterMs } from "./retry-after.js"

const now = Date.parse("2026-01-01T00:00:00Z")

it.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["1.5", 1_500],
  ["Thu, 01 Jan 2026 00:00:07 GMT", 7_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
  ["Sun Nov  6 08:49:37 1994", 0],
  ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  ["-1", undefined],
  ["attempt 7", undefined],
  ["soon", undefined],
  ["", undefined],
  [undefined, undefined],
])("retry-after %j is %j milliseconds from now", (value, expected) => {
  expect(retryAfterMs(value, now)).toBe(expected)
})
