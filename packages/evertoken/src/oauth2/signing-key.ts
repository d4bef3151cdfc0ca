import { createPrivateKey, KeyObject, webcrypto } from "node:crypto"
import { types } from "node:util"

/** A JWS algorithm (RFC 7518, section 3.1; RFC 8037; RFC 9864) for signing client assertions. */
export type SigningAlgorithm =
  "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA" | "Ed25519"

/**
 * A JSON Web Key (RFC 7517). Declared here, since `node:crypto` exports no such type by the same name in all versions of
 * its types.
 */
export type Jwk =
  | webcrypto.JsonWebKey
  | (Pick<webcrypto.JsonWebKey, "crv" | "d" | "dp" | "dq" | "e" | "k" | "kty" | "n" | "p" | "q" | "qi" | "x" | "y"> &
      Readonly<Record<string, unknown>>)

/** A private key: from WebCrypto, from `node:crypto`, as JWK, or as PEM text. */
export type PrivateKey = webcrypto.CryptoKey | KeyObject | Jwk | string

/** A key checked and ready to be imported. */
export interface SigningKey {
  readonly algorithm: SigningAlgorithm
  readonly keyId: string | undefined
  readonly load: () => Promise<webcrypto.CryptoKey>
}

interface Signature {
  /** As `node:crypto` names it. */
  readonly keyType: "rsa" | "ec" | "ed25519"
  readonly keyCurve?: string
  /** As WebCrypto names it. */
  readonly name: string
  readonly hash?: string
  readonly namedCurve?: string
}

const rsa = (name: string, bits: number): Signature => ({ keyType: "rsa", name, hash: `SHA-${bits}` })
const ecdsa = (keyCurve: string, namedCurve: string): Signature => ({
  keyType: "ec",
  keyCurve,
  name: "ECDSA",
  namedCurve,
})
const ed25519: Signature = { keyType: "ed25519", name: "Ed25519" }

// the first one that fits a key is its default
const SIGNATURES: ReadonlyMap<SigningAlgorithm, Signature> = new Map([
  ["RS256", rsa("RSASSA-PKCS1-v1_5", 256)],
  ["RS384", rsa("RSASSA-PKCS1-v1_5", 384)],
  ["RS512", rsa("RSASSA-PKCS1-v1_5", 512)],
  ["PS256", rsa("RSA-PSS", 256)],
  ["PS384", rsa("RSA-PSS", 384)],
  ["PS512", rsa("RSA-PSS", 512)],
  ["ES256", ecdsa("prime256v1", "P-256")],
  ["ES384", ecdsa("secp384r1", "P-384")],
  ["ES512", ecdsa("secp521r1", "P-521")],
  ["EdDSA", ed25519],
  ["Ed25519", ed25519],
])

export const SIGNING_ALGORITHMS: SigningAlgorithm[] = [...SIGNATURES.keys()]

/** What signs, as the application gives it. */
export interface GivenKey {
  readonly key: PrivateKey
  readonly keyId?: string | undefined
  readonly algorithm?: SigningAlgorithm | undefined
}

/**
 * @param prefix what the names of the options begin with in messages
 * @throws TypeError that says what is wrong with the key, and shows nothing of it.
 */
export function signingKeyOf(options: GivenKey, prefix = "clientAuthentication."): SigningKey {
  try {
    return checkedKeyOf(options)
  } catch (error) {
    throw error instanceof UnfitKey ? new TypeError(prefix + error.message) : error
  }
}

class UnfitKey extends Error {}

function checkedKeyOf(options: GivenKey): SigningKey {
  const { key } = options
  if (types.isCryptoKey(key)) {
    if (key.type !== "private" || !key.usages.includes("sign")) throw invalid("is no private key, usable to sign")
    return {
      algorithm: algorithmFor(key, options.algorithm, fitsCryptoKey),
      keyId: options.keyId,
      load: async () => key,
    }
  }
  const ofJwk = typeof key === "object" && !(key instanceof KeyObject) ? jwkHints(key) : {}
  const privateKey = privateKeyOf(key)
  const algorithm = algorithmFor(privateKey, options.algorithm ?? ofJwk.algorithm, fitsKeyObject)
  let imported: Promise<webcrypto.CryptoKey> | undefined
  const load = () => (imported ??= importKey(privateKey, algorithm))
  return { algorithm, keyId: options.keyId ?? ofJwk.keyId, load }
}

function privateKeyOf(key: KeyObject | Jwk | string): KeyObject {
  const privateKey = key instanceof KeyObject ? key : parsed(key)
  if (privateKey.type !== "private") throw invalid("is not a private key")
  const bits = privateKey.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < 2048) throw invalid(`is an RSA key of ${bits} bits; RFC 7518 demands 2048`)
  return privateKey
}

function parsed(key: Jwk | string): KeyObject {
  try {
    return typeof key === "string" ? createPrivateKey(key) : createPrivateKey({ key: { ...key }, format: "jwk" })
  } catch {
    throw invalid(
      "cannot be read: it must be a private key as CryptoKey, KeyObject, JWK, or PEM text without passphrase",
    )
  }
}

function jwkHints(jwk: Jwk): { algorithm?: SigningAlgorithm; keyId?: string } {
  const { alg, kid }: Readonly<Record<string, unknown>> = { ...jwk }
  return {
    ...(typeof kid === "string" && { keyId: kid }),
    ...(isSigningAlgorithm(alg) && { algorithm: alg }),
  }
}

function isSigningAlgorithm(name: unknown): name is SigningAlgorithm {
  return SIGNING_ALGORITHMS.some((algorithm) => algorithm === name)
}

function algorithmFor<K>(
  key: K,
  wanted: SigningAlgorithm | undefined,
  fits: (key: K, s: Signature) => boolean,
): SigningAlgorithm {
  const fitting = [...SIGNATURES].filter(([, signature]) => fits(key, signature)).map(([name]) => name)
  const [standard] = fitting
  if (standard === undefined) throw invalid("is of a kind that no supported algorithm signs with")
  if (wanted !== undefined && !fitting.includes(wanted)) {
    throw new UnfitKey(`algorithm must be ${fitting.join(" or ")} with this key; got ${wanted}`)
  }
  return wanted ?? standard
}

function fitsCryptoKey({ algorithm }: webcrypto.CryptoKey, { name, hash, namedCurve }: Signature): boolean {
  if (algorithm.name !== name) return false
  if ("hash" in algorithm && hashName(algorithm.hash) !== hash) return false
  return !("namedCurve" in algorithm) || algorithm.namedCurve === namedCurve
}

function hashName(hash: unknown): unknown {
  return typeof hash === "object" && hash !== null && "name" in hash ? hash.name : hash
}

function fitsKeyObject(key: KeyObject, { keyType, keyCurve }: Signature): boolean {
  return key.asymmetricKeyType === keyType && key.asymmetricKeyDetails?.namedCurve === keyCurve
}

function importKey(key: KeyObject, algorithm: SigningAlgorithm): Promise<webcrypto.CryptoKey> {
  const { keyType: _, keyCurve: __, ...parameters } = SIGNATURES.get(algorithm) ?? ed25519
  return webcrypto.subtle.importKey("pkcs8", key.export({ format: "der", type: "pkcs8" }), parameters, false, ["sign"])
}

function invalid(what: string): UnfitKey {
  return new UnfitKey(`key ${what}`)
}
