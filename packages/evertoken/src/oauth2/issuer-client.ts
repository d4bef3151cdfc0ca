import { setAwakeTimer } from "../awake-timer.js"
import { systemClock, type Clock } from "../clock.js"
import { Deadline } from "../deadline.js"
import { systemErrorCode, TokenError } from "../errors.js"
import type { HttpExchange, HttpRequest } from "./http-exchange.js"
import { decodeContent, readLimited } from "../limited-body.js"

/** A complete answer. */
export interface IssuerAnswer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Undefined: too large, or in an encoding that cannot be read. */
  readonly text: string | undefined
}

export interface IssuerClientOptions {
  readonly timeoutMs: number
  readonly maximumResponseBytes: number
  readonly clock?: Clock
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: {@link IssuerClient.deadline} from now on. */
  readonly deadline?: Deadline | undefined
}

/** Whether a request left this process: `"unknown"` where the application's own fetch sends it. */
type Delivery = "unsent" | "sent" | "unknown"

// codes of errors that come before anything is sent; for a fetch that does not tell when it sends
const BEFORE_SENDING =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_CERT_\w+|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+)$/

/**
 * Sends requests to an issuer: each one once, with a deadline for connection, headers and body together, a limit on
 * the size of the answer, and errors that hold nothing of what was sent or received.
 */
export class IssuerClient {
  readonly #exchange: HttpExchange
  readonly #initialDelivery: Delivery
  readonly #timeoutMs: number
  readonly #maximumResponseBytes: number
  readonly #clock: Clock

  constructor(
    { exchange, tellsSending }: { readonly exchange: HttpExchange; readonly tellsSending: boolean },
    { timeoutMs, maximumResponseBytes, clock = systemClock }: IssuerClientOptions,
  ) {
    this.#exchange = exchange
    this.#initialDelivery = tellsSending ? "unsent" : "unknown"
    this.#timeoutMs = timeoutMs
    this.#maximumResponseBytes = maximumResponseBytes
    this.#clock = clock
  }

  /** What it makes of an answer depends on nothing else but who connects. */
  get limits(): readonly number[] {
    return [this.#timeoutMs, this.#maximumResponseBytes]
  }

  /** For requests that share `timeoutMs`, or that part of it. */
  deadline(part = 1): Deadline {
    return new Deadline(this.#clock, this.#timeoutMs * part)
  }

  /**
   * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_REQUEST`, `ERR_TOKEN_REQUEST_TIMEOUT`), or with
   * `signal.reason`.
   */
  async send(request: HttpRequest, { signal, deadline = this.deadline() }: SendOptions = {}): Promise<IssuerAnswer> {
    signal?.throwIfAborted()
    const leftMs = deadline.remainingMs()
    if (leftMs <= 0) throw this.#failure(undefined, request, { delivery: "unsent", timedOut: true })
    let delivery = this.#initialDelivery
    const giveUp = new AbortController()
    const onAbort = () => giveUp.abort()
    signal?.addEventListener("abort", onAbort, { once: true })
    const timer = setAwakeTimer(this.#clock, onAbort, leftMs)
    try {
      return await unlessAborted(
        this.#answerTo(request, giveUp.signal, () => (delivery = "sent")),
        giveUp.signal,
      )
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      // there are no connections: a certificate in a file, say
      if (error instanceof TokenError && delivery === "unsent") throw error
      throw this.#failure(error, request, { delivery, timedOut: giveUp.signal.aborted })
    } finally {
      timer.cancel()
      signal?.removeEventListener("abort", onAbort)
    }
  }

  async #answerTo(request: HttpRequest, signal: AbortSignal, onSending: () => void): Promise<IssuerAnswer> {
    const { status, header, body, contentEncoding } = await this.#exchange(request, { signal, onSending })
    const bytes = await readLimited(body, this.#maximumResponseBytes)
    const content = bytes && decodeContent(bytes, contentEncoding, this.#maximumResponseBytes)
    return { status, header, text: content && new TextDecoder().decode(content) }
  }

  #failure(
    error: unknown,
    { url, method }: HttpRequest,
    { delivery, timedOut }: { readonly delivery: Delivery; readonly timedOut: boolean },
  ): TokenError {
    const code = codeOf(error)
    const ambiguous =
      method !== "GET" && (delivery === "sent" || (delivery === "unknown" && !BEFORE_SENDING.test(code)))
    const where = new URL(url).host
    if (timedOut || code === "UND_ERR_CONNECT_TIMEOUT") {
      const what = delivery === "unsent" ? "no connection to" : "no answer from"
      return new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", `${what} ${where} within ${this.#timeoutMs} ms`, {
        transient: true,
        ambiguous,
      })
    }
    return new TokenError("ERR_TOKEN_REQUEST", `no answer from ${where}: ${code}`, { transient: true, ambiguous })
  }
}

/** Rejects as soon as the signal is aborted, whether or not the promise heeds it. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort))
  })
}

/** The code of the error or of what caused it; never a message, which may quote anything. */
function codeOf(error: unknown): string {
  const code = systemErrorCode(error)
  if (code !== undefined && /^\w{1,64}$/.test(code)) return code
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : "unknown error"
}
