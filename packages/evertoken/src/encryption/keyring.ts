import { inspect } from "node:util"
import { isEncryptionKey, type EncryptionKey } from "./encryption-key.js"

/**
 * The keys of encrypted caches: the first one encrypts, all of them decrypt. To replace a key with nobody noticing, in
 * every process: {@link use} the new one as the second; when all have it, as the first; `reencrypt` what is not renewed
 * soon; when no record names the old one any more, leave it out. Do so before a key has encrypted 2^32 tokens (NIST SP
 * 800-38D, section 8.3). Shows the ids of its keys, never themselves.
 */
export class Keyring {
  #keys: readonly EncryptionKey[]

  /** @throws TypeError unless `keys` are {@link EncryptionKey}s, at least one. */
  constructor(keys: readonly EncryptionKey[]) {
    this.#keys = checked(keys)
  }

  /** Takes these keys from now on, in all caches that have this keyring. @throws TypeError as the constructor; then nothing changes. */
  use(keys: readonly EncryptionKey[]): void {
    this.#keys = checked(keys)
  }

  /** The one that encrypts. */
  get first(): EncryptionKey {
    const [first] = this.#keys
    if (first === undefined) throw new TypeError(NEEDED)
    return first
  }

  /** In their order. */
  get keyIds(): readonly string[] {
    return this.#keys.map(({ id }) => id)
  }

  /** The key of this id; undefined: it is not in the ring. */
  find(id: string): EncryptionKey | undefined {
    return this.#keys.find((key) => key.id === id)
  }

  /** The ids of its keys, never themselves. */
  toJSON(): Record<string, unknown> {
    return { keyIds: this.keyIds }
  }

  /** The ids of its keys, never themselves. */
  [inspect.custom](): string {
    return `Keyring ${inspect(this.keyIds)}`
  }
}

const NEEDED = "keys must be an array of EncryptionKeys, at least one: [EncryptionKey.fromEnvironment(…)]"

function checked(keys: readonly EncryptionKey[]): readonly EncryptionKey[] {
  const given: unknown = keys
  if (Array.isArray(given) && given.length > 0 && given.every(isEncryptionKey)) return [...keys]
  throw new TypeError(NEEDED)
}
