/** Epoch milliseconds with fractions, as the journal of the workers has them. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now()
}
