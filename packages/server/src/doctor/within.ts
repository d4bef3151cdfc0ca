import type { Clock } from "evertoken"

/** What comes of `outcome`; after so long it is taken for an answer that does not come. */
export function within<T>(outcome: Promise<T>, { clock, timeoutMs }: { clock: Clock; timeoutMs: number }): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(Object.assign(new Error("it takes too long"), { code: "ETIMEDOUT" }))
    const timer = clock.setTimer(late, timeoutMs)
    outcome.then(resolve, reject).finally(() => timer.cancel())
  })
}
