import { hash, timingSafeEqual } from "node:crypto"
import { bearerIn } from "./bearer.js"

const SHORTEST = 16

/** The key that clients of a TCP listener send. Only its hash is kept. */
export class ApiKey {
  readonly #hash: Buffer

  /** @throws TypeError if it could be guessed. */
  constructor(key: string) {
    if (key.length < SHORTEST) throw new TypeError(`the API key must have at least ${SHORTEST} characters`)
    this.#hash = sha256(key)
  }

  /** Whether an `authorization` header brings it. Takes equally long, whatever it brings. */
  isIn(authorization: string | undefined): boolean {
    return timingSafeEqual(this.#hash, sha256(bearerIn(authorization) ?? ""))
  }
}

// for each request: an object of `createHash` would cost as much again, and leave work to the garbage collector
function sha256(text: string): Buffer {
  return hash("sha256", text, "buffer")
}
