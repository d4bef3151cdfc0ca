import { IncomingMessage, ServerResponse } from "node:http"
import type { Provider } from "oidc-provider"
import type { IssuerStore } from "./issuer-store.js"
import { giveAnswer, isProcessed, PlannedAnswers } from "./planned-answers.js"
import { TokenRequests, type TokenRequestRecord } from "./token-requests.js"

/** Stands before the provider's token endpoint: counts what comes, and makes it fail as planned. */
export class TokenEndpoint {
  readonly requests = new TokenRequests()
  readonly answers = new PlannedAnswers()
  readonly #store: IssuerStore
  readonly #provide: ReturnType<Provider["callback"]>
  readonly #onRequest: (request: TokenRequestRecord) => void
  // one at a time: the provider looks whether a refresh token is spent long before it notes that it is
  #processing: Promise<unknown> = Promise.resolve()

  constructor(provider: Provider, store: IssuerStore, onRequest: (request: TokenRequestRecord) => void) {
    this.#provide = provider.callback()
    this.#store = store
    this.#onRequest = onRequest
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const form = new URLSearchParams(body.toString())
    this.#onRequest(this.requests.arrived(form, request.headers.authorization))
    const answer = await this.answers.take()
    const refreshToken = form.get("refresh_token") ?? undefined
    if (isProcessed(answer)) {
      const processed = answer === undefined ? response : new ServerResponse(request)
      await this.#inTurn(() => this.#process(replayOf(request, body), processed, refreshToken))
    } else if (refreshToken !== undefined) {
      this.requests.presented(refreshToken, this.#store.isSpent(refreshToken))
    }
    if (answer !== undefined) giveAnswer(answer, response)
  }

  async #process(request: IncomingMessage, response: ServerResponse, refreshToken: string | undefined): Promise<void> {
    if (refreshToken !== undefined) this.requests.presented(refreshToken, this.#store.isSpent(refreshToken))
    await this.#provide(request, response)
    this.requests.answered(response.statusCode)
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#processing.then(work)
    this.#processing = turn.catch(() => undefined)
    await turn
  }
}

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
