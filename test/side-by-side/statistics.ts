/** Figures of the same thing, one of each round. */
export interface Spread {
  readonly median: number
  /** A quarter of the figures is below it. */
  readonly low: number
  /** A quarter of the figures is above it. */
  readonly high: number
}

export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

/** How many times as large, round by round: what slows the machine down slows both of a round down. */
export function ratioOf(figures: readonly number[], floor: readonly number[]): Spread {
  return spreadOf(figures.map((figure, round) => figure / (floor[round] ?? NaN)))
}

/** By how much larger, round by round. */
export function differenceOf(figures: readonly number[], floor: readonly number[]): Spread {
  return spreadOf(figures.map((figure, round) => figure - (floor[round] ?? NaN)))
}

/** Between the two figures that are nearest to it. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const [below = NaN, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return below + (above - below) * (place - Math.floor(place))
}
