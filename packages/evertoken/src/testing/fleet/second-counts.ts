/** How often something happened in each second of a simulation. */
export class SecondCounts {
  readonly perSecond: Uint32Array

  constructor(durationMs: number) {
    this.perSecond = new Uint32Array(Math.ceil(durationMs / 1_000))
  }

  /** @param atMs the time since the start of the simulation */
  count(atMs: number, times = 1): void {
    const second = Math.floor(atMs / 1_000)
    // what comes at the very end is in no second any more
    if (second < this.perSecond.length) this.perSecond[second] = this.at(atMs) + times
  }

  at(atMs: number): number {
    return this.perSecond[Math.floor(atMs / 1_000)] ?? 0
  }
}

export function sum(counts: Iterable<number>): number {
  let total = 0
  for (const count of counts) total += count
  return total
}

export function most(counts: Iterable<number>): number {
  let highest = 0
  for (const count of counts) highest = Math.max(highest, count)
  return highest
}
