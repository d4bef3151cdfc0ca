/** How figures are spread. In the unit of the figures; `undefined` where there are none. */
export interface Spread {
  readonly count: number
  readonly median: number | undefined
  readonly p99: number | undefined
  readonly max: number | undefined
}

export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b)
  // nearest rank: the least figure that so many are not above
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  return { count: sorted.length, median: at(0.5), p99: at(0.99), max: at(1) }
}
