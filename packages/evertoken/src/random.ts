import { randomBytes, randomUUID } from "node:crypto"
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64"
import { xoroshiro128plus, xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus"

/** Chance: each call gives a number from 0 (included) to 1 (excluded). For spreading load, not for secrets. */
export type Random = () => number

/** A generator seeded from the system's entropy: equal seeds across a fleet would undo the jitter. */
export function createRandom(): Random {
  const bytes = randomBytes(16)
  const state = [0, 4, 8, 12].map((offset) => bytes.readInt32LE(offset))
  const generator = xoroshiro128plusFromState(state)
  return () => uniformFloat64(generator)
}

/** The same sequence for the same seed: for tests and simulations. */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  return () => uniformFloat64(generator)
}

/** @throws TypeError unless `random` can be a {@link Random}. */
export function assertRandom(random: unknown): void {
  if (typeof random === "function") return
  throw new TypeError("random must be a function that returns numbers from 0 to 1")
}

/** A random number in `[from, to)`. */
export function between(random: Random, from: number, to: number): number {
  return from + random() * (to - from)
}

/** What tells apart two records or two claims: 16 random hex digits. */
export function randomId(): string {
  // Node.js draws entropy for many of these at once; what is not random in one (RFC 9562) stands in between
  const uuid = randomUUID()
  return uuid.slice(0, 8) + uuid.slice(-8)
}
