/** A secret that could not be had: names the reference and what mends it, never the secret. */
export class SecretError extends Error {
  override readonly name = "SecretError"
  /** Such as `env:CLIENT_SECRET`. */
  readonly reference: string

  constructor(reference: string, problem: string) {
    super(`${reference}: ${problem}`)
    this.reference = reference
  }
}
