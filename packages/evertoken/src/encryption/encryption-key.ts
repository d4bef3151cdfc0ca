import { createHmac, webcrypto } from "node:crypto"
import { inspect } from "node:util"
import { assertOptions, type OptionNames } from "../options-object.js"
import { pathOf } from "../path-option.js"
import { shownValue } from "../shown-value.js"
import { readKeyFile } from "./key-file.js"
import { keyBytes } from "./key-material.js"
import { readOsKeyring, type OsKeyringEntry } from "./os-keyring.js"

const ENTRY: OptionNames<OsKeyringEntry> = { service: true, account: true, create: true }

// for what seals and opens alone
let cryptoKeyOf: (key: EncryptionKey) => Promise<webcrypto.CryptoKey>
let isEncryptionKey: (value: unknown) => value is EncryptionKey

/**
 * A key that tokens are encrypted with: 32 random bytes (AES-256-GCM), as `openssl rand -base64 32` makes them. No
 * passphrase: who has a stolen copy can guess for ever. Shows its {@link id}, never itself; in memory it cannot be
 * exported.
 */
export class EncryptionKey {
  /** Names the key in records and messages, and tells nothing of it: 16 hex digits of an HMAC that is made with it. */
  readonly id: string
  readonly #cryptoKey: Promise<webcrypto.CryptoKey>

  private constructor(bytes: Uint8Array) {
    this.id = createHmac("sha256", bytes).update("evertoken key id").digest("hex").slice(0, 16)
    this.#cryptoKey = webcrypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])
    Object.freeze(this)
  }

  /**
   * @param material 32 bytes, or a text of them in base64, base64url or hex
   * @throws TypeError that says what is wrong with it, and shows nothing of it.
   */
  static from(material: Uint8Array | string): EncryptionKey {
    return new EncryptionKey(keyBytes("the key", material))
  }

  /**
   * From an environment variable: a text of 32 bytes in base64, base64url or hex.
   * @throws TypeError that names the variable.
   */
  static fromEnvironment(name: string): EncryptionKey {
    assertName("name", name)
    return new EncryptionKey(keyBytes(`the environment variable ${name}`, process.env[name] ?? ""))
  }

  /**
   * From a file: 32 bytes as they are, or a text of them in base64, base64url or hex. Only its owner may have access (mode
   * 0600 or 0400), who is this user or root; one of root's may be readable to the group (0440).
   * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_CACHE`) if the file cannot be used, or a `TypeError` if
   *   what is in it is no key. Both name it.
   */
  static async fromFile(path: string): Promise<EncryptionKey> {
    const resolved = pathOf(path, "path must be that of a file")
    return new EncryptionKey(keyBytes(`the key in ${resolved}`, await readKeyFile(resolved)))
  }

  /**
   * From the keyring of the operating system (Keychain, Credential Manager, Secret Service): a text as above. Needs the
   * package `@napi-rs/keyring`, and a session in which the keyring is unlocked: servers and containers have none.
   * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_CACHE`) if there is no such keyring or entry, or a
   *   `TypeError` if what is there is no key, or naming the option.
   */
  static async fromOsKeyring(entry: OsKeyringEntry): Promise<EncryptionKey> {
    assertOptions("EncryptionKey.fromOsKeyring", entry, ENTRY)
    const { service, account, create } = entry
    assertName("service", service)
    if (account !== undefined) assertName("account", account)
    if (create !== undefined && typeof create !== "boolean") throw new TypeError("create must be true or false")
    return new EncryptionKey(keyBytes("the key in the system's keyring", await readOsKeyring(entry)))
  }

  /** Its id, never the key. */
  toJSON(): Record<string, unknown> {
    return { id: this.id, key: "[redacted]" }
  }

  /** Its id, never the key. */
  toString(): string {
    return `EncryptionKey ${this.id} [redacted]`
  }

  /** Its id, never the key. */
  [inspect.custom](): string {
    return this.toString()
  }

  static {
    cryptoKeyOf = (key) => key.#cryptoKey
    isEncryptionKey = (value) => typeof value === "object" && value !== null && #cryptoKey in value
  }
}

export { cryptoKeyOf, isEncryptionKey }

function assertName(option: string, value: unknown): void {
  if (typeof value === "string" && value !== "") return
  throw new TypeError(
    `${option} must be a text, and not empty; got ${value === "" ? "an empty one" : shownValue(value)}`,
  )
}
