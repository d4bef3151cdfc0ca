import { eventsIn } from "./event-stream.js"
import { ask } from "./server.js"

/** @import { ServerEvent } from "./event-stream.js" */

/**
 * @typedef {object} LiveEventsOptions
 * @property {(event: ServerEvent) => void} onEvent
 * @property {() => void} onConnected Each time. What happened in between has to be asked for.
 * @property {(seenAt: number | undefined) => void} onLost Each time that an attempt to connect, or a connection, failed; when the server was last heard of.
 */

/** The server sends a sign of life every 15 seconds. */
const SILENCE_MS = 40_000
const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 10_000

/** Keeps a connection to the server's events, and begins another one when it breaks. */
export class LiveEvents {
  /** @type {LiveEventsOptions} */
  #options
  /** @type {AbortController | undefined} */
  #life
  /** @type {number | undefined} */
  #seenAt

  /** @param {LiveEventsOptions} options */
  constructor(options) {
    this.#options = options
  }

  start() {
    this.stop()
    this.#life = new AbortController()
    void this.#run(this.#life.signal)
  }

  stop() {
    this.#life?.abort()
  }

  /** @param {AbortSignal} ended */
  async #run(ended) {
    let delayMs = FIRST_DELAY_MS
    while (!ended.aborted) {
      const attempt = new AbortController()
      const stop = () => attempt.abort()
      ended.addEventListener("abort", stop)
      if (await this.#listen(attempt)) delayMs = FIRST_DELAY_MS
      ended.removeEventListener("abort", stop)
      if (ended.aborted) return
      this.#options.onLost(this.#seenAt)
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)
    }
  }

  /**
   * @param {AbortController} attempt
   * @returns {Promise<boolean>} whether there was a connection.
   */
  async #listen(attempt) {
    let silence = setTimeout(() => attempt.abort(), SILENCE_MS)
    let isConnected = false
    try {
      const { body } = await ask("GET", "/events", { signal: attempt.signal })
      if (body === null) return false
      isConnected = true
      this.#seenAt = Date.now()
      this.#options.onConnected()
      for await (const event of eventsIn(body)) {
        clearTimeout(silence)
        silence = setTimeout(() => attempt.abort(), SILENCE_MS)
        this.#seenAt = Date.now()
        if (event.data !== "") this.#options.onEvent(event)
      }
    } catch {
      // whatever it was, another attempt is made; the end of the session is told elsewhere
    } finally {
      clearTimeout(silence)
    }
    return isConnected
  }
}
