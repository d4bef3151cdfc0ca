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
    this.#running ??= task().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }
}

/** The outcome of `promise`, or a rejection with `signal.reason` as soon as the signal is aborted. Nothing is cancelled. */
export function patiently<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  // nobody may wait for it any more, or what was given is no signal
  promise.catch(() => undefined)
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) {
      onAbort()
      return
    }
    const release = whenAborted(signal, onAbort)
    promise.then(resolve, reject).finally(release)
  })
}
