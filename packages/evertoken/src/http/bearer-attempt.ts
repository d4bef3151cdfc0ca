import type { IncomingHttpHeaders } from "node:http"
import type { Duplex } from "node:stream"
import type { Dispatcher } from "undici"
import type { CallerSide } from "./caller-side.js"

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Where it comes from, if redirects were followed. */
  readonly lastUrl: URL | undefined
}

/** One dispatch on behalf of a caller, who is told what comes of it unless `isHeld` says to hold it back. */
export class BearerAttempt implements Dispatcher.DispatchHandler {
  readonly #caller: CallerSide
  readonly #isHeld: (attempt: BearerAttempt, head: AnswerHead) => boolean
  #controller: Dispatcher.DispatchController | undefined
  #context: object | null | undefined
  #fate: "passed" | "held" | "discarded" = "passed"
  #isOver = false
  /** Besides the head what comes in spite of the pause: the end of an answer without a body, all of a mock's. */
  #heldBack: (() => void)[] = []

  constructor(caller: CallerSide, isHeld: (attempt: BearerAttempt, head: AnswerHead) => boolean) {
    this.#caller = caller
    this.#isHeld = isHeld
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: object | null | undefined): void {
    this.#controller = controller
    this.#context = context
    this.#caller.follow(controller, context)
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    socket: Duplex,
  ): void {
    this.#caller.tell((handler) => handler.onRequestUpgrade?.(this.#caller, status, headers, socket), { isLast: true })
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    message?: string,
  ): void {
    if (this.#isHeld(this, { status, headers, lastUrl: lastOf(this.#context) })) {
      this.#fate = "held"
      controller.pause()
    }
    this.#pass(() => this.#caller.tell((handler) => handler.onResponseStart?.(this.#caller, status, headers, message)))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#pass(() => this.#caller.tell((handler) => handler.onResponseData?.(this.#caller, chunk)))
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    this.#isOver = true
    const end = (handler: Dispatcher.DispatchHandler) => handler.onResponseEnd?.(this.#caller, trailers)
    this.#pass(() => this.#caller.tell(end, { isLast: true }))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#isOver = true
    this.#pass(() => this.#caller.fail(error))
  }

  /** What was held back is the answer. Throws what the caller throws at it. */
  release(): void {
    this.#fate = "passed"
    for (const event of this.#heldBack) event()
    if (!this.#caller.paused) this.#controller?.resume()
  }

  /** It is not: what has arrived of it is read, and for the rest its connection is not kept. */
  discard(): void {
    this.#fate = "discarded"
    this.#caller.follow(undefined)
    this.#controller?.resume()
    this.abort()
  }

  abort(): void {
    if (!this.#isOver) this.#controller?.abort(new Error("the rest of the answer is not wanted"))
  }

  #pass(event: () => void): void {
    if (this.#fate === "passed") event()
    else if (this.#fate === "held") this.#heldBack.push(event)
  }
}

/** Undici's redirect interceptor keeps there from where each answer came. */
function lastOf(context: object | null | undefined): URL | undefined {
  const history: unknown = context ? Reflect.get(context, "history") : undefined
  const last: unknown = Array.isArray(history) ? history.at(-1) : undefined
  return last instanceof URL ? last : undefined
}
