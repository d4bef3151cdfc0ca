import { IncomingMessage, ServerResponse } from "node:http"
import type { Provider } from "oidc-provider"
import type { IssuerStore } from "./issuer-store.js"
import { giveAnswer, isProcessed, PlannedAnswers } from "./planned-answers.js"
import { TokenRequests, type Presentation, type TokenAnswer, type TokenRequestRecord } from "./token-requests.js"

export interface TokenEndpointListener {
  /** Before anything happens to it. */
  readonly onRequest: (request: TokenRequestRecord) => void
  /** Just before a planned answer is given; just after a plain one. */
  readonly onAnswer: (answer: TokenAnswer) => void
}

/** Stands before the provider's token endpoint: counts what comes, and makes it fail as planned. */
export class TokenEndpoint {
  readonly requests = new TokenRequests()
  readonly answers = new PlannedAnswers()
  readonly #store: IssuerStore
  readonly #provide: ReturnType<Provider["callback"]>
  readonly #listener: TokenEndpointListener
  // one at a time: the provider looks whether a refresh token is spent long before it notes that it is
  #processing: Promise<unknown> = Promise.resolve()

  constructor(provider: Provider, store: IssuerStore, listener: TokenEndpointListener) {
    this.#provide = provider.callback()
    this.#store = store
    this.#listener = listener
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const form = new URLSearchParams(body.toString())
    const record = this.requests.arrived(form, request)
    this.#listener.onRequest(record)
    const planned = await this.answers.take()
    const refreshToken = form.get("refresh_token") ?? undefined
    let outcome: Outcome
    if (isProcessed(planned)) {
      const processed = planned === undefined ? response : new ServerResponse(request)
      outcome = await this.#inTurn(() => this.#process(replayOf(request, body), processed, refreshToken))
    } else {
      outcome = { presentation: this.#presented(refreshToken), status: undefined }
    }
    const spentAt = refreshToken === undefined ? undefined : this.#store.spentAt(refreshToken)
    this.#listener.onAnswer({ request: record, planned, ...outcome, spentAt })
    if (planned !== undefined) giveAnswer(planned, response)
  }

  async #process(
    request: IncomingMessage,
    response: ServerResponse,
    refreshToken: string | undefined,
  ): Promise<Outcome> {
    const presentation = this.#presented(refreshToken)
    await this.#provide(request, response)
    const status = response.statusCode
    this.requests.answered(status)
    return { presentation, status }
  }

  #presented(refreshToken: string | undefined): Presentation | undefined {
    if (refreshToken === undefined) return undefined
    return this.requests.presented(refreshToken, this.#store.isSpent(refreshToken))
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#processing.then(work)
    this.#processing = turn.catch(() => undefined)
    return turn
  }
}

type Outcome = Pick<TokenAnswer, "presentation" | "status">

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The same request with its body unread: it was read to know what it asks for. */
function replayOf(request: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor } = request
  const head = { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor }
  const replay = Object.assign(new IncomingMessage(request.socket), head, { complete: true })
  replay.push(body)
  replay.push(null)
  return replay
}
