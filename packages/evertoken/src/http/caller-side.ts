import type { Dispatcher } from "undici"

type RawHeaders = NonNullable<Dispatcher.DispatchController["rawHeaders"]> | null

/**
 * What the caller of a dispatch sees: one controller and one answer, whatever is under way behind it, or nothing yet.
 * Nobody is told anything after an error.
 */
export class CallerSide implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #context: object = {}
  readonly #patience = new AbortController()
  #target: Dispatcher.DispatchController | undefined
  #state: "open" | "answered" | "failed" = "open"
  #isPaused = false
  #reason: Error | null = null

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }

  /** Aborted when the caller aborts. */
  get signal(): AbortSignal {
    return this.#patience.signal
  }
  get hasFailed(): boolean {
    return this.#state === "failed"
  }

  /** From here on the caller can abort. */
  start(): void {
    this.#handler.onRequestStart?.(this, this.#context)
  }

  /** What is under way from now on; undefined: nothing. */
  follow(target: Dispatcher.DispatchController | undefined, context?: object | null): void {
    Object.assign(this.#context, context)
    this.#target = target
    if (this.#reason !== null) target?.abort(this.#reason)
  }

  /** Tells a part of the answer. `isLast`: there is nothing more that an abort could stop. */
  tell(event: (handler: Dispatcher.DispatchHandler) => void, { isLast = false } = {}): void {
    if (this.#state === "failed") return
    if (isLast) this.#state = "answered"
    event(this.#handler)
  }

  /** Tells an error, once. Never throws. */
  fail(error: unknown): void {
    if (this.#state === "failed") return
    this.#state = "failed"
    try {
      this.#handler.onResponseError?.(this, asError(error))
    } catch {
      // thrown by whoever is told of errors: there is nobody left to tell
    }
  }

  abort(reason: Error): void {
    if (this.#state !== "open") return
    this.#reason = asError(reason)
    this.#patience.abort(this.#reason)
    this.#target?.abort(this.#reason)
    this.fail(this.#reason)
  }
  pause(): void {
    this.#isPaused = true
    this.#target?.pause()
  }
  resume(): void {
    this.#isPaused = false
    this.#target?.resume()
  }

  get aborted(): boolean {
    return this.#reason !== null || (this.#target?.aborted ?? false)
  }
  get paused(): boolean {
    return this.#isPaused
  }
  get reason(): Error | null {
    return this.#reason ?? this.#target?.reason ?? null
  }
  get rawHeaders(): RawHeaders {
    return this.#target?.rawHeaders ?? null
  }
  get rawTrailers(): RawHeaders {
    return this.#target?.rawTrailers ?? null
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error("the request could not be sent")
}
