import { Agent, buildConnector, request, type Dispatcher } from "undici"
import { setAwakeTimer } from "../awake-timer.js"
import { isCertificates } from "../certificate-texts.js"
import type { Clock } from "../clock.js"
import { madeOf } from "../credential-texts.js"
import { systemErrorCode, TokenError } from "../errors.js"
import { readLimited } from "../limited-body.js"
import { sourceClosed } from "../renewal-errors.js"
import { serverPlaceOf, type ServerTokenSourceOptions } from "./server-options.js"
import { answered, type ServerAnswer } from "./server-answer.js"

const LARGEST_ANSWER_BYTES = 1_048_576
const CONNECT_TIMEOUT_MS = 5_000

export interface ServerRequest {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number
  /** It does not keep the process alive. */
  readonly isBackground?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

interface Way {
  readonly headers: Readonly<Record<string, string>>
  readonly foreground: Dispatcher
  readonly background: Dispatcher
}

/**
 * Asks one token server. Each request has a connection of its own: it is local and cheap, and one that was kept may be that
 * of a server that has ended since. Those in the background, which wait for news, keep theirs: at each renewal all clients ask
 * for the next news at once.
 */
export class ServerConnection {
  /** For messages, and to tell servers apart. No secret. */
  readonly place: string
  readonly #origin: string
  readonly #way: () => Promise<Way>
  readonly #clock: Clock
  readonly #closed = new AbortController()

  /**
   * @param options asserted before
   * @throws TypeError if a certificate authority that is given as a text is none.
   */
  constructor(options: ServerTokenSourceOptions, clock: Clock) {
    const { origin, socketPath } = serverPlaceOf(options)
    this.place = socketPath ?? origin
    this.#origin = origin
    this.#clock = clock
    const { apiKey, certificateAuthority } = options
    this.#way = madeOf({ apiKey, certificateAuthority }, (texts) => wayOf(socketPath, texts))
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  /** Requests under way end with `ERR_TOKEN_SOURCE_CLOSED`. */
  close(): void {
    this.#closed.abort(sourceClosed())
  }

  /** @returns a promise that rejects with a `TokenError`, or with `signal.reason`. */
  async send({ signal, timeoutMs, isBackground = false, ...sent }: ServerRequest): Promise<ServerAnswer> {
    signal?.throwIfAborted()
    this.#closed.signal.throwIfAborted()
    const late = new AbortController()
    const timer = isBackground
      ? this.#clock.setTimer(() => late.abort(), timeoutMs, { ref: false })
      : setAwakeTimer(this.#clock, () => late.abort(), timeoutMs)
    const signals = [late.signal, this.#closed.signal, ...(signal === undefined ? [] : [signal])]
    try {
      return await this.#exchange(sent, isBackground, AbortSignal.any(signals))
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (this.isClosed) throw sourceClosed()
      throw error instanceof TokenError ? error : this.#failure(error, late.signal.aborted)
    } finally {
      timer.cancel()
    }
  }

  async #exchange(
    { method, path, headers }: Pick<ServerRequest, "method" | "path" | "headers">,
    isBackground: boolean,
    signal: AbortSignal,
  ): Promise<ServerAnswer> {
    const way = await this.#way()
    const {
      statusCode,
      headers: answerHeaders,
      body,
    } = await request(`${this.#origin}${path}`, {
      method,
      dispatcher: isBackground ? way.background : way.foreground,
      headers: { ...way.headers, ...headers },
      signal,
      // the deadline of the whole is our own
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const bytes = await readLimited(body, LARGEST_ANSWER_BYTES)
    const header = (name: string) => [answerHeaders[name]].flat()[0]
    return answered({ status: statusCode, header, text: bytes?.toString("utf8"), secrets: Object.values(way.headers) })
  }

  #failure(error: unknown, isLate: boolean): TokenError {
    if (isLate) {
      const message = `the token server at ${this.place} did not answer in time`
      return new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", message, { transient: true })
    }
    const code = systemErrorCode(error) ?? "unknown error"
    const message = `the token server at ${this.place} cannot be reached: ${code}; is evertoken serve running?`
    return new TokenError("ERR_TOKEN_REQUEST", message, { transient: true })
  }
}

/** @throws TypeError that shows nothing of the texts. */
function wayOf(
  socketPath: string | undefined,
  { apiKey, certificateAuthority: ca }: Readonly<Record<string, string>>,
): Way {
  if (ca !== undefined && !isCertificates(ca)) throw new TypeError("certificateAuthority must be certificates in PEM")
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey))
    throw new TypeError("apiKey must be visible ASCII characters")
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, ...(socketPath && { socketPath }), ...(ca && { ca }) })
  return {
    // the server refuses what a web page can send
    headers: { "x-evertoken-request": "1", ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) },
    foreground: new Agent({ pipelining: 0, connect }),
    background: new Agent({ connect: unreferenced(connect) }),
  }
}

function unreferenced(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      const socket = result[1]?.unref()
      // undici would, with the next request
      if (socket) socket.ref = () => socket
      callback(...result)
    })
}
