/** Figures of the same thing, one of each round. */
export interface Spread {
  readonly median: number
  /** Below it is a quarter of the figures, unless another share is said. */
  readonly low: number
  /** Above it is as large a share. */
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

/** The median, and between which figures that of endlessly many rounds lies, 19 times of 20 (by order statistics). */
export function medianWithin(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b)
  const aside = 0.98 / Math.sqrt(sorted.length)
  const within = (share: number) => quantile(sorted, Math.min(1, Math.max(0, share)))
  return { median: within(0.5), low: within(0.5 - aside), high: within(0.5 + aside) }
}

/** By how much larger, round by round, and how certain that is. */
export function differenceOf(figures: readonly number[], floor: readonly number[]): Spread {
  return medianWithin(figures.map((figure, round) => figure - (floor[round] ?? NaN)))
}

/** Between the two figures that are nearest to it. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const [below = NaN, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return below + (above - below) * (place - Math.floor(place))
}
