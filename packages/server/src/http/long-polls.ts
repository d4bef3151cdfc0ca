import type { Clock } from "evertoken"
import type { FastifyReply } from "fastify"

/** Requests that wait for something to happen. */
export class LongPolls {
  readonly #clock: Clock
  readonly #open = new Set<AbortController>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * What `what` resolves with. Undefined, and its signal is aborted, once the time is over, the client is gone, or the server ends.
   */
  async wait<T>(
    { raw }: FastifyReply,
    timeoutMs: number,
    what: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const over = new AbortController()
    const end = () => over.abort()
    const timer = this.#clock.setTimer(end, timeoutMs)
    raw.once("close", end)
    this.#open.add(over)
    if (raw.destroyed) end()
    try {
      return await what(over.signal)
    } catch (error) {
      if (over.signal.aborted) return undefined
      throw error
    } finally {
      timer.cancel()
      raw.off("close", end)
      this.#open.delete(over)
    }
  }

  /** All are answered that nothing has happened. */
  close(): void {
    for (const over of this.#open) over.abort()
  }
}
