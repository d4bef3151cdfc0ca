import type { TokenAnswer, TokenRequestRecord } from "../issuer/token-requests.js"

/** What the issuer knows of each refresh token, by the first 16 hex digits of its SHA-256, and of each server, by its name. */
export class PresentationBook {
  rotations = 0
  readonly #underWay = new Map<string, number>()
  readonly #spent = new Map<string, { readonly by: string; readonly at: number }>()
  readonly #presenters = new Map<string, string[]>()
  readonly #waiting = new Map<string, () => void>()

  readonly onTokenRequest = ({ requestId = "" }: TokenRequestRecord) => {
    this.#underWay.set(requestId, this.underWayOf(requestId) + 1)
    this.#waiting.get(requestId)?.()
  }

  readonly onTokenAnswer = ({ request: { requestId = "" }, presentation, status, spentAt }: TokenAnswer) => {
    this.#underWay.set(requestId, this.underWayOf(requestId) - 1)
    if (presentation === undefined) return
    const { hash } = presentation
    this.#presenters.set(hash, [...(this.#presenters.get(hash) ?? []), requestId])
    if (status !== 200 || spentAt === undefined || this.#spent.has(hash)) return
    this.rotations += 1
    this.#spent.set(hash, { by: requestId, at: spentAt })
  }

  /** Those presented more than once, each with the servers that did, in order. */
  get again(): readonly (readonly [hash: string, servers: readonly string[]])[] {
    return [...this.#presenters].filter(([, servers]) => servers.length > 1)
  }

  underWayOf(server: string): number {
    return this.#underWay.get(server) ?? 0
  }

  /** Whose answer had the token that follows this one, and when. Undefined: it is not spent. */
  spent(hash: string): { readonly by: string; readonly at: number } | undefined {
    return this.#spent.get(hash)
  }

  /** The next request of this server. */
  async nextOf(server: string): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.set(server, resolve))
    this.#waiting.delete(server)
  }
}
