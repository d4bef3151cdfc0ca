import { createHmac, randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { SecretError } from "./secret-error.js"
import { readSecretFile } from "./secret-file.js"
import { readKeyringSecret } from "./secret-keyring.js"

// of this process alone: what is made with it tells nobody anything of the secret
const IDENTITY_KEY = randomBytes(32)

const FORM = /^(env|file|keyring):(.*)$/s

/**
 * Where a secret is, never the secret itself: `env:NAME`, `file:PATH` or `keyring:SERVICE/ACCOUNT`. A literal is kept
 * only where the configuration says `allowLiteralSecrets`.
 */
export class SecretReference {
  readonly kind: "env" | "file" | "keyring" | "literal"
  /** Two references are the same if these are; it tells nothing of a literal, and is another one in each process. */
  readonly identity: string
  readonly #value: string

  private constructor(kind: SecretReference["kind"], value: string) {
    this.kind = kind
    this.#value = value
    this.identity = kind === "literal" ? createHmac("sha256", IDENTITY_KEY).update(value).digest("hex") : String(this)
    Object.freeze(this)
  }

  /** Anything without one of the prefixes is taken for a literal. */
  static parse(text: string, resolvePath = (path: string) => path): SecretReference {
    const [, kind, value = ""] = FORM.exec(text) ?? []
    if (kind === "env" || kind === "keyring") return new SecretReference(kind, value)
    return kind === "file" ? new SecretReference(kind, resolvePath(value)) : new SecretReference("literal", text)
  }

  /** What is wrong with a reference, in words that show nothing of it. A literal is never wrong. */
  static mistakeIn(text: string): string | undefined {
    const [, kind, value = ""] = FORM.exec(text) ?? []
    if (kind === "env" && !/^[A-Za-z_]\w*$/.test(value)) return "must have a name after env:, such as env:CLIENT_SECRET"
    if (kind === "file" && (value === "" || value.includes("\0"))) return "must have a path after file:"
    if (kind !== "keyring" || /^[^/]+\/./.test(value)) return undefined
    return "must have a service and an account after keyring:, such as keyring:evertoken/billing"
  }

  /**
   * The secret, as it is at this moment.
   * @returns a promise that rejects with a `SecretError` that names the reference, unless it is a literal.
   */
  async resolve(): Promise<string> {
    if (this.kind === "file") return readSecretFile(this.#value)
    if (this.kind === "keyring") return readKeyringSecret(this.#value)
    if (this.kind === "literal") return this.#value
    const secret = process.env[this.#value]
    if (secret) return secret
    throw new SecretError(String(this), "the environment variable is not set, or empty: set it where this is started")
  }

  /** As it was written, with its whole path; a literal is not shown. */
  toString(): string {
    return this.kind === "literal" ? "[redacted]" : `${this.kind}:${this.#value}`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}
