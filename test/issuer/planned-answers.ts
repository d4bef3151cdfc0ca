import { setMaxListeners } from "node:events"
import type { OutgoingHttpHeaders, ServerResponse } from "node:http"
import { setTimeout as wait } from "node:timers/promises"
import { resetSocket } from "./reset-socket.js"

/** What a token request meets instead of a plain answer. */
export type PlannedAnswer =
  /** This status, unprocessed. For a 429: `{ status: 429, headers: { "retry-after": "2" } }`. */
  | { readonly status: number; readonly headers?: OutgoingHttpHeaders; readonly body?: string }
  /** Read, not processed, and never answered. */
  | "hang"
  /** Read, not processed, and the connection reset. */
  | "reset"
  /** Processed (a refresh token is spent by it), and the connection reset before the answer. */
  | "lose"
  /** Processed, and never answered. */
  | "lose-and-hang"

/** The answers planned for the next token requests, one each. */
export class PlannedAnswers {
  readonly #next: PlannedAnswer[] = []
  #delayMs = 0
  #waiting = manyMayWait()
  /** Met by every request that has no plan of its own. */
  standing: PlannedAnswer | undefined

  plan(answer: PlannedAnswer, times: number): void {
    this.#next.push(...Array.from({ length: times }, () => answer))
  }

  /** Ends the waiting of those that came before, too. */
  slowDown(delayMs: number): void {
    this.#delayMs = delayMs
    this.#waiting.abort()
    this.#waiting = manyMayWait()
  }

  /** Waits as long as every request has to wait now, and takes what is planned for this one. */
  async take(): Promise<PlannedAnswer | undefined> {
    const answer = this.#next.shift() ?? this.standing
    const { signal } = this.#waiting
    if (this.#delayMs > 0) await wait(this.#delayMs, undefined, { signal, ref: false }).catch(() => undefined)
    return answer
  }
}

// Node.js warns of more than ten listeners on one signal
function manyMayWait(): AbortController {
  const waiting = new AbortController()
  setMaxListeners(0, waiting.signal)
  return waiting
}

/** Whether the issuer itself sees the request. */
export function isProcessed(answer: PlannedAnswer | undefined): boolean {
  return answer === undefined || answer === "lose" || answer === "lose-and-hang"
}

/** Gives the planned answer on `response`. */
export function giveAnswer(answer: PlannedAnswer, response: ServerResponse): void {
  if (answer === "hang" || answer === "lose-and-hang") return
  if (answer === "reset" || answer === "lose") {
    if (response.socket !== null) resetSocket(response.socket)
    return
  }
  const { status, headers = {}, body = "" } = answer
  response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body)
}
