import { createHmac, webcrypto } from "node:crypto"
import { inspect } from "node:util"
import { signingKeyBytes } from "./signing-key-bytes.js"

/** A key that signs cookies, in memory, where it cannot be exported. */
export interface SigningKey {
  /** Names the key in cookies, and tells nothing of it: 16 hex digits of an HMAC that is made with it. */
  readonly id: string
  readonly cryptoKey: Promise<webcrypto.CryptoKey>
}

/**
 * The keys of signed cookies: the first one signs, all of them verify. To replace a key with nobody signed out, in every
 * process: put the new one second; when all have it, first; when the last cookie of the old one has ended, leave that
 * out. Shows the ids of its keys, never themselves.
 */
export class SigningKeys {
  readonly #keys: readonly SigningKey[]

  /**
   * @param material each is 32 random bytes or more, or a text of them in base64, base64url or hex
   * @throws TypeError that says what is wrong with which of them, and shows nothing of it.
   */
  constructor(material: readonly (Uint8Array | string)[]) {
    const given: unknown = material
    if (!Array.isArray(given) || given.length === 0) {
      throw new TypeError("signingKeys must be an array of keys, at least one: the first signs, all of them verify")
    }
    this.#keys = given.map((key: unknown, index) => signingKeyOf(signingKeyBytes(`signingKeys[${index}]`, key)))
    Object.freeze(this)
  }

  /** The one that signs. */
  get first(): SigningKey {
    const [first] = this.#keys
    if (first === undefined) throw new TypeError("signingKeys must have at least one key")
    return first
  }

  find(id: unknown): SigningKey | undefined {
    return this.#keys.find((key) => key.id === id)
  }

  toJSON(): Record<string, unknown> {
    return { keyIds: this.#keys.map(({ id }) => id) }
  }

  [inspect.custom](): string {
    return `SigningKeys ${inspect(this.#keys.map(({ id }) => id))}`
  }
}

function signingKeyOf(bytes: Uint8Array): SigningKey {
  const id = createHmac("sha256", bytes).update("evertoken signing key id").digest("hex").slice(0, 16)
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  const cryptoKey = webcrypto.subtle.importKey("raw", bytes, algorithm, false, ["sign", "verify"])
  return { id, cryptoKey }
}
