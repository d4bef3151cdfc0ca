import { z } from "zod"

/**
 * Where a secret is, never the secret itself: `env:NAME`, `file:PATH` or `keyring:SERVICE/ACCOUNT`. A literal is kept
 * only where the configuration says `allowLiteralSecrets`.
 */
export class SecretReference {
  readonly kind: "env" | "file" | "keyring" | "literal"
  readonly #value: string

  private constructor(kind: SecretReference["kind"], value: string) {
    this.kind = kind
    this.#value = value
  }

  /** Anything without one of the prefixes is taken for a literal. */
  static parse(text: string): SecretReference {
    const [, kind, value] = /^(env|file|keyring):(.+)$/s.exec(text) ?? []
    if (value === undefined) return new SecretReference("literal", text)
    return new SecretReference(kind === "env" ? "env" : kind === "file" ? "file" : "keyring", value)
  }

  /** What stands after the prefix; a literal itself. */
  get value(): string {
    return this.#value
  }

  /** As it was written; a literal is not shown. */
  toString(): string {
    return this.kind === "literal" ? "[redacted]" : `${this.kind}:${this.#value}`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}

export const secretReference = z
  .string()
  .min(1)
  .meta({
    description: "Where the secret is: env:NAME, file:PATH or keyring:SERVICE/ACCOUNT.",
    examples: ["env:CLIENT_SECRET", "file:/run/secrets/client-secret", "keyring:evertoken/billing"],
  })
  .transform((text) => SecretReference.parse(text))
