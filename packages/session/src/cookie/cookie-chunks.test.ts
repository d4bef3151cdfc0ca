import { describe, expect, test } from "vitest"
import { ATTRIBUTE_BYTES } from "./cookie-attributes.js"
import { chunked, joined, roomIn } from "./cookie-chunks.js"

const NAME = "__Host-access"
const valueOf = (length: number) =>
  Array.from({ length: length / 4 + 1 }, (_, at) => `${at}.`.padStart(4, "x"))
    .join("")
    .slice(0, length)
const found = (cookies: readonly (readonly [string, string])[]) =>
  new Map(cookies.map(([name, value]) => [name, [value]] as const))

describe("a value in cookies", () => {
  test("comes back whatever its length; none is longer than browsers keep, and none is empty", () => {
    const most = roomIn(NAME)
    const bounds = [0, 3_950, 7_900, most - 50]
    for (const length of bounds
      .flatMap((bound) => Array.from({ length: 100 }, (_, at) => bound + at))
      .filter((l) => l > 0 && l <= most)) {
      const cookies = chunked(NAME, valueOf(length))
      expect(joined(NAME, found(cookies))).toBe(valueOf(length))
      for (const [name, value] of cookies) {
        expect(name.length + 1 + value.length + ATTRIBUTE_BYTES).toBeLessThanOrEqual(4_093)
        expect(value).not.toBe("")
      }
    }
  })

  test("is in one cookie for as long as it fits, then in two, then in three, and fills them", () => {
    const one = 4_093 - ATTRIBUTE_BYTES - NAME.length - 1
    const counts = [one, one + 1, 7_900, 8_000, roomIn(NAME)].map((length) => chunked(NAME, valueOf(length)).length)
    expect(counts).toEqual([1, 2, 2, 3, 3])
    expect(chunked(NAME, valueOf(roomIn(NAME) + 1))).toHaveLength(4)
  })

  test("is not read from what no cookie of a browser can be", () => {
    expect(joined(NAME, new Map([[NAME, ["x".repeat(4_094)]]]))).toBeUndefined()
    const [first = [NAME, ""], second = [NAME, ""]] = chunked(NAME, valueOf(5_000))
    const padded = new Map([
      [first[0], [first[1]]],
      [second[0], [second[1] + "x".repeat(4_093)]],
    ])
    expect(joined(NAME, padded)).toBeUndefined()
  })

  test("is not read from parts of which one is missing, though the others are all there is of it", () => {
    const [first = [NAME, ""], ...rest] = chunked(NAME, valueOf(5_000))
    const cookies = new Map(found([[first[0], first[1].replace(/^2/, "3")], ...rest]))
    expect(joined(NAME, cookies)).toBeUndefined()
    expect(joined(NAME, new Map([...cookies, [`${NAME}.0`, [first[1]]]]))).toBe(valueOf(5_000))
  })
})
