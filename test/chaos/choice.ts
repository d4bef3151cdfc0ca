import type { Random } from "evertoken"

/** What can be drawn, each with its weight. */
export type Weighted<T> = readonly (readonly [T, number])[]

export function choose<T>(random: Random, choices: Weighted<T>): T {
  let left = random() * choices.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [value, weight] of choices) {
    left -= weight
    if (left < 0) return value
  }
  const [last] = choices.at(-1) ?? []
  if (last === undefined) throw new TypeError("there is nothing to choose from")
  return last
}

/** From `from`, included, to `to`, excluded. */
export function between(random: Random, from: number, to: number): number {
  return from + random() * (to - from)
}
