import { timingSafeEqual } from "node:crypto"
import { bearerIn } from "./bearer.js"

const SHORTEST = 16

/** The key that clients of a TCP listener send. */
export class ApiKey {
  readonly #key: Buffer

  /** @throws TypeError if it could be guessed. */
  constructor(key: string) {
    if (key.length < SHORTEST) {
      throw new TypeError(
        `listen.tcp.apiKey: the API key must have at least ${SHORTEST} characters: make one by \`openssl rand -hex 32\``,
      )
    }
    this.#key = Buffer.from(key)
  }

  /** Whether an `authorization` header brings it. How long it takes tells the length of the key, and nothing else of it. */
  isIn(authorization: string | undefined): boolean {
    const brought = Buffer.from(bearerIn(authorization) ?? "")
    const isAsLong = brought.length === this.#key.length
    // not by their hashes, of equal length: they would cost more than all else that is done for a request
    return timingSafeEqual(this.#key, isAsLong ? brought : this.#key) && isAsLong
  }
}
