/**
 * Time as the library sees it. Everything that waits or compares times takes a `Clock`, so that a test can
 * turn it by hand (`VirtualClock` in `evertoken/testing`).
 */
export interface Clock {
  /** Wall time in epoch milliseconds. May jump in both directions. */
  now(): number
  /** Milliseconds since an arbitrary moment. Never goes back; may stand still while the machine sleeps. */
  monotonic(): number
  /** Calls `callback` once, after `delayMs` (at most 2^31 - 1). `ref: false` does not keep the process alive. */
  setTimer(callback: () => void, delayMs: number, options?: { readonly ref?: boolean }): Timer
}

/** One callback to come, as {@link Clock.setTimer} gives it. */
export interface Timer {
  /** After this the callback is not called any more. Calling it twice is harmless. */
  cancel(): void
}

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback: () => void, delayMs: number, { ref = true }: { readonly ref?: boolean } = {}) {
    const timer = setTimeout(callback, delayMs)
    if (!ref) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
})

const METHODS = ["now", "monotonic", "setTimer"] as const

/** @throws TypeError unless `clock` has what a {@link Clock} has. */
export function assertClock(clock: unknown): void {
  const isObject = typeof clock === "object" && clock !== null
  if (isObject && METHODS.every((method) => typeof Reflect.get(clock, method) === "function")) return
  throw new TypeError("clock must be an object with the methods now, monotonic and setTimer")
}

/** Resolves after `delayMs` on `clock`; rejects with `signal.reason` when the signal is aborted first. */
export function sleep(
  clock: Clock,
  delayMs: number,
  { signal, ref = true }: { readonly signal?: AbortSignal | undefined; readonly ref?: boolean } = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const timer = clock.setTimer(
      () => {
        signal?.removeEventListener("abort", onAbort)
        resolve()
      },
      delayMs,
      { ref },
    )
    function onAbort() {
      timer.cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener("abort", onAbort, { once: true })
  })
}
