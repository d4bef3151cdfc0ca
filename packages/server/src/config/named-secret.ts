import { SecretError } from "./secret-error.js"
import type { SecretReference } from "./secret-reference.js"

/** The secret, or a failure that names the field which refers to it: a path alone does not tell what it was for. */
export async function namedSecret(field: string, reference: Pick<SecretReference, "resolve">): Promise<string> {
  try {
    return await reference.resolve()
  } catch (error) {
    throw error instanceof SecretError ? error.of(field) : error
  }
}
