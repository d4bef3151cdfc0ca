import { whenAborted } from "./when-aborted.js"

/** Runs one task at a time; whoever comes while it runs gets its outcome. */
export class SingleFlight<T> {
  #running: Promise<T> | undefined

  /** The task under way, if there is one. */
  get running(): Promise<T> | undefined {
    return this.#running
  }

  /** Joins the task under way, or starts this one. */
  run(task: () => Promise<T>): Promise<T> {
    this.#running ??= this.#landing(task())
    return this.#running
  }

  async #landing(flight: Promise<T>): Promise<T> {
    try {
      return await flight
    } finally {
      this.#running = undefined
    }
  }
}

/** The outcome of `promise`, or a rejection with `signal.reason` as soon as the signal is aborted. Nothing is cancelled. */
export function patiently<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    let release: (() => void) | undefined
    // before anything else: nobody may wait for it any more, or what was given is no signal
    promise.then(
      (value) => {
        release?.()
        resolve(value)
      },
      (error: unknown) => {
        release?.()
        reject(error)
      },
    )
    if (signal.aborted) reject(signal.reason)
    else release = whenAborted(signal, () => reject(signal.reason))
  })
}
