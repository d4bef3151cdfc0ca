import type { Sample } from "./sample.js"

/** One figure over a run. */
export interface Course {
  readonly name: string
  readonly first: Range
  readonly last: Range
  /** What it may have grown by. */
  readonly tolerance: number
  readonly isFlat: boolean
}

export interface Range {
  readonly lowest: number
  readonly highest: number
}

// V8 goes on to compile and to learn for a while
const WARM_UP_SHARE = 0.3
const HEAP_TOLERANCE = 0.05
const HEAP_TOLERANCE_BYTES = 1_000_000

/**
 * Whether each figure is the same at the end of a run as at its beginning: of what is left after the warm-up, the last
 * third against the first. What leaks grows, and both its lowest and its highest with it; what only varies does not.
 */
export function coursesOf(samples: readonly Sample[]): readonly Course[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const types = [...new Set(samples.flatMap(({ resources }) => Object.keys(resources)))].sort()
  return [
    courseOf("heap (KB)", warm, ({ heapBytes }) => Math.round(heapBytes / 1_000), heapTolerance),
    courseOf("file descriptors", warm, ({ fileDescriptors }) => fileDescriptors),
    courseOf("watched directories", warm, ({ watches }) => watches),
    courseOf("timers of the library", warm, ({ timers }) => timers),
    ...types.map((type) => courseOf(type, warm, ({ resources }) => resources[type] ?? 0)),
  ]
}

function heapTolerance(firstKilobytes: number): number {
  return Math.round(firstKilobytes * HEAP_TOLERANCE + HEAP_TOLERANCE_BYTES / 1_000)
}

function courseOf(
  name: string,
  samples: readonly Sample[],
  figure: (sample: Sample) => number,
  toleranceOf: (first: number) => number = () => 0,
): Course {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const first = rangeOf(samples.slice(0, third).map(figure))
  const last = rangeOf(samples.slice(-third).map(figure))
  const tolerance = toleranceOf(first.lowest)
  const isFlat = last.lowest <= first.lowest + tolerance || last.highest <= first.highest + tolerance
  return { name, first, last, tolerance, isFlat }
}

function rangeOf(figures: readonly number[]): Range {
  return { lowest: Math.min(...figures), highest: Math.max(...figures) }
}

/** As people write it. */
export function rangeText({ lowest, highest }: Range): string {
  return lowest === highest ? String(lowest) : `${lowest} - ${highest}`
}
