import { Agent, request } from "undici"
import { z } from "zod"
import { problem } from "../http/problem.js"
import { sessionCode, type SessionCode } from "../http/session-routes.js"
import { signInOutcome, signInPrompt } from "../http/sign-in-routes.js"
import { tokenAnswer, type TokenAnswer } from "../http/token-answer.js"
import type { SignInPrompt } from "../tokens/sign-in.js"
import { tokenStatus, type TokenStatus } from "../tokens/token-status.js"
import type { TokensSetByHand } from "../tokens/tokens-set-by-hand.js"
import { CommandError, EXIT } from "./command-error.js"
import { failureOfProblem } from "./failure.js"
import type { TokenService } from "./token-service.js"

type Method = "GET" | "POST" | "PUT" | "DELETE"

const list = z.object({ tokens: z.array(tokenStatus) })

/** The tokens of a server that is running, over its socket. */
export class RemoteTokens implements TokenService {
  readonly isServer = true
  readonly #agent: Agent

  constructor(socketPath: string) {
    // an issuer may be waited for, and a person
    this.#agent = new Agent({ connect: { socketPath }, headersTimeout: 0, bodyTimeout: 0 })
  }

  async list(): Promise<readonly TokenStatus[]> {
    return list.parse(await this.#ask("GET", "/tokens")).tokens
  }

  async get(
    name: string,
    { minimumValidityMs }: { readonly minimumValidityMs?: number | undefined },
  ): Promise<TokenAnswer> {
    const query = minimumValidityMs === undefined ? "" : `?min_validity=${minimumValidityMs}ms`
    return tokenAnswer.parse(await this.#ask("GET", pathOf(name) + query))
  }

  async refresh(name: string): Promise<void> {
    await this.#ask("POST", `${pathOf(name)}/refresh`)
  }

  async set(name: string, fields: TokensSetByHand): Promise<void> {
    await this.#ask("PUT", pathOf(name), fields)
  }

  async revoke(name: string, { local }: { readonly local: boolean }): Promise<void> {
    await this.#ask("DELETE", `${pathOf(name)}?local=${String(local)}`)
  }

  async signIn(name: string): Promise<SignInPrompt> {
    return signInPrompt.parse(await this.#ask("POST", `${pathOf(name)}/sign-in`))
  }

  async signedIn(name: string): Promise<void> {
    for (;;) {
      const { state, why } = signInOutcome.parse(await this.#ask("GET", `${pathOf(name)}/sign-in/outcome`))
      if (state === "kept") return
      if (state !== "under-way") throw new CommandError(why ?? "the sign-in has failed, or was ended")
    }
  }

  async cancelSignIn(name: string): Promise<void> {
    await this.#ask("DELETE", `${pathOf(name)}/sign-in`)
  }

  /** A link that opens the dashboard once, if the server listens where a browser comes. */
  async dashboard(): Promise<SessionCode> {
    return sessionCode.parse(await this.#ask("POST", "/session-codes"))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.close()
  }

  async #ask(method: Method, path: string, fields?: object): Promise<unknown> {
    const { statusCode, body } = await this.#send(method, path, fields)
    if (statusCode === 204) return undefined
    if (statusCode < 300) return body
    const refused = problem.safeParse(body)
    if (refused.success) throw failureOfProblem(refused.data)
    throw new CommandError(`the server answers with ${statusCode}, and does not say why`)
  }

  async #send(method: Method, path: string, fields?: object) {
    const json = fields && { body: JSON.stringify(fields), headers: { "content-type": "application/json" } }
    try {
      const { statusCode, body } = await request(`http://localhost${path}`, {
        ...{ method, dispatcher: this.#agent },
        ...json,
      })
      const text = await body.text()
      return { statusCode, body: text === "" ? undefined : (JSON.parse(text) as unknown) }
    } catch {
      const hint = "It is ending, or has ended: try again; without a server the command does the work itself."
      throw new CommandError("the server did not answer", { exitCode: EXIT.unavailable, hint })
    }
  }
}

function pathOf(name: string): string {
  return `/tokens/${encodeURIComponent(name)}`
}
