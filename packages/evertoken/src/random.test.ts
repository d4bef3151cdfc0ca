import fc from "fast-check"
import { expect, test } from "vitest"
import { between, createRandom, randomId, seededRandom, type Random } from "./random.js"

const draw = (random: Random, count = 100) => Array.from({ length: count }, random)

test("the same seed gives the same sequence", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      expect(draw(seededRandom(seed))).toEqual(draw(seededRandom(seed)))
    }),
  )
})

test("another seed gives another sequence", () => {
  expect(draw(seededRandom(1))).not.toEqual(draw(seededRandom(2)))
})

test("every process draws its own sequence: a fleet started at once does not renew at once", () => {
  const firsts = new Set(Array.from({ length: 50 }, () => createRandom()()))
  expect(firsts.size).toBe(50)
})

test("a number drawn is from 0 to below 1", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const drawn of [...draw(seededRandom(seed)), ...draw(createRandom())]) {
        expect(drawn).toBeGreaterThanOrEqual(0)
        expect(drawn).toBeLessThan(1)
      }
    }),
  )
})

test("numbers are spread over the whole range", () => {
  for (const random of [seededRandom(7), createRandom()]) {
    const tenths = new Set(draw(random, 1_000).map((drawn) => Math.floor(drawn * 10)))
    expect(tenths.size).toBe(10)
  }
})

test("a number between two others reaches the lower one, and not the upper one", () => {
  expect(between(() => 0, 25, 50)).toBe(25)
  expect(between(() => 0.5, 25, 50)).toBe(37.5)
  expect(between(() => 1 - Number.EPSILON, 25, 50)).toBeLessThan(50)
  expect(between(() => 0.5, -10, -20)).toBe(-15)
})

test("an id is 16 hex digits, and no two are the same", () => {
  const ids = Array.from({ length: 200 }, randomId)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/)
  expect(new Set(ids).size).toBe(ids.length)
})
