import { expect, test } from "vitest"
import { bytes, digits, spread, time, times } from "./figures.js"
import { differenceOf, medianWithin, ratioOf, spreadOf, type Spread } from "./statistics.js"

test("the median is the figure in the middle, or between the two there, in whatever order they came", () => {
  expect(spreadOf([5, 1, 3]).median).toBe(3)
  expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5)
})

test("a quarter of the figures is below the spread, and a quarter above it", () => {
  expect(spreadOf([8, 1, 2, 4, 16])).toEqual({ low: 2, median: 4, high: 8 })
})

test("what was never measured has no median", () => {
  expect(spreadOf([])).toEqual({ low: NaN, median: NaN, high: NaN })
})

test("the more figures there are, the nearer to their median is that of endlessly many", () => {
  const upTo = (last: number) => Array.from({ length: last + 1 }, (_, figure) => figure)
  const rounded = ({ low, high }: Spread) => [Math.round(low), Math.round(high)]
  expect(medianWithin(upTo(100)).median).toBe(50)
  // as tables of the binomial distribution have it
  expect(rounded(medianWithin(upTo(100)))).toEqual([40, 60])
  expect(rounded(medianWithin(upTo(10_000)))).toEqual([4902, 5098])
  expect(medianWithin([7, 5])).toEqual({ low: 5, median: 6, high: 7 })
})

test("a ratio is that of figures of the same round: a round in which all is slow changes nothing", () => {
  expect(ratioOf([2, 20, 200], [1, 10, 100])).toEqual({ low: 2, median: 2, high: 2 })
  expect(differenceOf([2, 11, 101], [1, 10, 100])).toEqual({ low: 1, median: 1, high: 1 })
})

test("a figure is shown with two digits, and in the unit that suits it", () => {
  expect([0.123, 1.26, 56.7, 1234.5, NaN].map(digits)).toEqual(["0.12", "1.3", "57", "1,235", "–"])
  expect([45.4, 1_500, 2e6, 3.21e9, -2_000].map(time)).toEqual(["45 ns", "1.5 µs", "2 ms", "3.2 s", "-2 µs"])
  expect([16.4, 1_900, 2.1e6].map(bytes)).toEqual(["16 B", "1.9 kB", "2.1 MB"])
  expect(times(spreadOf([1.024]))).toBe("1.02×")
  expect(spread({ low: 1, median: 2, high: 3 }, time)).toBe("2 ns (1 ns – 3 ns)")
})
