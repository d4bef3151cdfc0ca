import { assertTextOrFile, isTextFile, madeOf } from "../credential-texts.js"
import { jsonObjectOf } from "./json-object.js"
import { signingKeyOf, type Jwk, type PrivateKey, type SigningAlgorithm, type SigningKey } from "./signing-key.js"
import type { TextFile } from "../text-file.js"

/** What signs, as an application gives it. */
export interface SigningKeyOptions {
  /**
   * Or the file in which it stands, in PEM or as JWK, read anew for each signature. What tells the issuer that it is another
   * one is the JWK's `kid`: `keyId` stays the same.
   */
  readonly key: PrivateKey | TextFile
  /** The header's `kid`. Default: the JWK's own. */
  readonly keyId?: string | undefined
  /** Default: the JWK's own, or `RS256`, `ES256`, `ES384`, `ES512`, `EdDSA`, as the key is. */
  readonly algorithm?: SigningAlgorithm | undefined
}

/**
 * The key at this moment: as given, or as its file has it.
 * @param prefix what the names of the options begin with in messages
 * @returns a function whose promise rejects with a `TokenError` if there is no key in the file, and was none before.
 * @throws TypeError that says what is wrong with the key, and shows nothing of it.
 */
export function currentSigningKey(
  options: SigningKeyOptions,
  prefix = "clientAuthentication.",
): () => Promise<SigningKey> {
  const { key, ...others } = options
  if (!isTextFile(key)) {
    const signingKey = signingKeyOf({ ...others, key }, prefix)
    return async () => signingKey
  }
  assertTextOrFile(`${prefix}key`, key)
  return madeOf({ key }, ({ key: text = "" }) => signingKeyOf({ ...others, key: keyInText(text) }, prefix))
}

function keyInText(text: string): string | Jwk {
  const jwk: unknown = jsonObjectOf(text)
  return isJwk(jwk) ? jwk : text
}

function isJwk(value: unknown): value is Jwk {
  return typeof value === "object"
}
