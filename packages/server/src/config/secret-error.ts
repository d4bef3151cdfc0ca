/** A secret that could not be had: names the reference and what mends it, never the secret. */
export class SecretError extends Error {
  override readonly name = "SecretError"
  /** Such as `env:CLIENT_SECRET`. */
  readonly reference: string
  readonly #problem: string

  constructor(reference: string, problem: string, field?: string) {
    super(field === undefined ? `${reference}: ${problem}` : `${field}: ${reference}: ${problem}`)
    this.reference = reference
    this.#problem = problem
  }

  /** The same, with the field of the configuration that refers to the secret. */
  of(field: string): SecretError {
    return new SecretError(this.reference, this.#problem, field)
  }
}
