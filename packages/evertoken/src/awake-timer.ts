import type { Clock, Timer } from "./clock.js"

const SLICES = 10
const SHORTEST_SLICE_MS = 20
const LONGEST_SLICE_MS = 1_000

/**
 * Calls `callback` after `delayMs` in which this process could run. A time for which it stood still (stopped, its
 * machine asleep, its event loop blocked) counts as one slice of at most a second, and is followed by at least one more:
 * what came meanwhile is found before patience ends. For what must not be given up while its answer waits to be read.
 */
export function setAwakeTimer(clock: Clock, callback: () => void, delayMs: number): Timer {
  const sliceMs = Math.min(Math.max(delayMs / SLICES, SHORTEST_SLICE_MS), LONGEST_SLICE_MS)
  let leftMs = delayMs
  let timer: Timer
  function next(inMs: number): void {
    const setAt = clock.monotonic()
    timer = clock.setTimer(() => {
      leftMs -= inMs
      const stoodStill = clock.monotonic() - setAt > inMs + sliceMs
      if (leftMs > 0) next(Math.min(leftMs, sliceMs))
      else if (stoodStill) timer = clock.setTimer(callback, sliceMs)
      else callback()
    }, inMs)
  }
  next(Math.min(leftMs, sliceMs))
  return { cancel: () => timer.cancel() }
}
