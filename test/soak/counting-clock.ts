import { systemClock, type Clock, type Timer } from "evertoken"

/** The machine's clock, and how many timers are set on it, those included that keep no process alive. */
export class CountingClock implements Clock {
  #pending = 0

  now = () => systemClock.now()
  monotonic = () => systemClock.monotonic()

  get pending(): number {
    return this.#pending
  }

  setTimer(callback: () => void, delayMs: number, options?: { readonly ref?: boolean }): Timer {
    this.#pending++
    let isPending = true
    const end = () => {
      if (isPending) this.#pending--
      isPending = false
    }
    const fire = () => {
      end()
      callback()
    }
    const timer = systemClock.setTimer(fire, delayMs, options)
    return {
      cancel: () => {
        end()
        timer.cancel()
      },
    }
  }
}
