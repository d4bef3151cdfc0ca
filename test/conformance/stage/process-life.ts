import { AsyncLocalStorage } from "node:async_hooks"
import { onTokenEvent, type Clock, type Timer } from "evertoken"
import type { RenewalStepName } from "../format/step.js"

const current = new AsyncLocalStorage<ProcessLife>()

/**
 * The life of one simulated process. All it does runs inside {@link run}; it touches the outside (store, issuer, timers)
 * only through {@link pass} and {@link clock}. A frozen one gets no further than that, a killed one never again.
 */
export class ProcessLife {
  readonly clock: Clock
  readonly #timers = new Set<Timer>()
  readonly #plans = new Map<RenewalStepName, () => void>()
  #state: "running" | "frozen" | "dead" = "running"
  #onThaw: (() => void)[] = []

  constructor(clock: Clock) {
    this.clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (callback, delayMs, options) => this.#setTimer(clock, callback, delayMs, options),
    }
  }

  /** The one that runs now. */
  static get current(): ProcessLife | undefined {
    return current.getStore()
  }

  get isDead(): boolean {
    return this.#state === "dead"
  }

  run<T>(action: () => T): T {
    return current.run(this, action)
  }

  /** Does something outside, if and when the process is running; tells it the result likewise. */
  async pass<T>(action: () => Promise<T>): Promise<T> {
    await this.#gate()
    try {
      return await action()
    } finally {
      await this.#gate()
    }
  }

  /** Calls `action` at the very moment when the process next reaches `step`. */
  at(step: RenewalStepName, action: () => void): void {
    this.#plans.set(step, action)
  }

  kill(): void {
    this.#state = "dead"
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  freeze(): void {
    if (this.#state === "running") this.#state = "frozen"
  }

  thaw(): void {
    if (this.#state !== "frozen") return
    this.#state = "running"
    for (const proceed of this.#onThaw.splice(0)) proceed()
  }

  /** Tells the process that runs now which step it has reached, until the function returned is called. */
  static followSteps(): () => void {
    return onTokenEvent("step", ({ step }) => current.getStore()?.reach(step))
  }

  private reach(step: RenewalStepName): void {
    const planned = this.#plans.get(step)
    this.#plans.delete(step)
    planned?.()
  }

  async #gate(): Promise<void> {
    while (this.#state !== "running") {
      await new Promise<void>((resolve) => this.#state === "frozen" && this.#onThaw.push(resolve))
    }
  }

  #setTimer(clock: Clock, callback: () => void, delayMs: number, options?: { readonly ref?: boolean }): Timer {
    if (this.isDead) return { cancel: () => {} }
    let isCancelled = false
    const fire = () => {
      if (isCancelled || this.isDead) return
      if (this.#state === "frozen") this.#onThaw.push(fire)
      else this.run(callback)
    }
    const timer = clock.setTimer(
      () => {
        this.#timers.delete(timer)
        fire()
      },
      delayMs,
      options,
    )
    this.#timers.add(timer)
    return {
      cancel: () => {
        isCancelled = true
        this.#timers.delete(timer)
        timer.cancel()
      },
    }
  }
}
