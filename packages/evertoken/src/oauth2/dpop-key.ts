import { createHash, createPublicKey, generateKeyPairSync, KeyObject, randomUUID, type webcrypto } from "node:crypto"
import { calculateJwkThumbprint, SignJWT } from "jose"
import { assertClock, systemClock, type Clock } from "../clock.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import type { ProofOfPossession, ProvenRequest } from "../proof-of-possession.js"
import { signingKeyOf, type Jwk, type SigningAlgorithm } from "./signing-key.js"

/** What a {@link DPoPKey} signs by, and with which clock. Checked when it is constructed, never changed. */
export interface DPoPKeyOptions {
  /** Default: the JWK's own, or `RS256`, `ES256`, `ES384`, `ES512`, `EdDSA`, as the key is. */
  readonly algorithm?: SigningAlgorithm | undefined
  /** Default: the machine's own. Issuers refuse proofs that are minutes old, or from a future. */
  readonly clock?: Clock | undefined
}

const NAMES: OptionNames<DPoPKeyOptions> = { algorithm: true, clock: true }

interface DPoPKeyParts {
  readonly privateKey: webcrypto.CryptoKey
  readonly algorithm: SigningAlgorithm
  readonly publicJwk: webcrypto.JsonWebKey
  readonly thumbprint: string
  readonly clock: Clock
}

// as many as oauth4webapi keeps
const MOST_NONCES = 100

/**
 * The key that tokens are bound to (DPoP, RFC 9449): a stolen token is worth nothing without it. Give the same one to a
 * source and to what carries its tokens. Processes that share tokens must share the key, so load it there instead of
 * generating one: tokens of another key are not served. Shows its thumbprint, never itself. Safe to use concurrently.
 */
export class DPoPKey implements ProofOfPossession {
  /** Of the public key (`jkt`; RFC 7638), which names it in public. */
  readonly thumbprint: string
  readonly #privateKey: webcrypto.CryptoKey
  readonly #algorithm: SigningAlgorithm
  readonly #publicJwk: webcrypto.JsonWebKey
  readonly #clock: Clock
  readonly #nonces = new Map<string, string>()

  private constructor({ privateKey, algorithm, publicJwk, thumbprint, clock }: DPoPKeyParts) {
    this.thumbprint = thumbprint
    this.#privateKey = privateKey
    this.#algorithm = algorithm
    this.#publicJwk = publicJwk
    this.#clock = clock
  }

  /** A new key (ES256), which ends with the process: for tokens that stay in it. */
  static async generate(options: Pick<DPoPKeyOptions, "clock"> = {}): Promise<DPoPKey> {
    assertOptions("DPoPKey.generate", options, { clock: true })
    const { clock } = options
    return await DPoPKey.from(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, { clock })
  }

  /**
   * @param key a private key: from `node:crypto`, as JWK, or as PEM text
   * @returns a promise that rejects with a `TypeError` that names the option, and shows nothing of the key.
   */
  static async from(key: KeyObject | Jwk | string, options: DPoPKeyOptions = {}): Promise<DPoPKey> {
    assertOptions("DPoPKey.from", options, NAMES)
    const { clock = systemClock } = options
    assertClock(clock)
    const { algorithm, load } = signingKeyOf({ key, algorithm: options.algorithm }, "")
    const publicKey = createPublicKey(
      typeof key === "string" || key instanceof KeyObject ? key : { key: { ...key }, format: "jwk" },
    )
    const publicJwk = publicKey.export({ format: "jwk" })
    const thumbprint = await calculateJwkThumbprint(publicJwk)
    return new DPoPKey({ privateKey: await load(), algorithm, publicJwk, thumbprint, clock })
  }

  async proof({ method, url, accessToken }: ProvenRequest): Promise<string> {
    const { origin, pathname } = new URL(url)
    const nonce = this.#nonces.get(origin)
    const claims = {
      jti: randomUUID(),
      htm: method,
      // without query and fragment (section 4.2)
      htu: origin + pathname,
      iat: Math.floor(this.#clock.now() / 1000),
      ...(accessToken !== undefined && { ath: createHash("sha256").update(accessToken).digest("base64url") }),
      ...(nonce !== undefined && { nonce }),
    }
    const header = { alg: this.#algorithm, typ: "dpop+jwt", jwk: this.#publicJwk }
    return await new SignJWT(claims).setProtectedHeader(header).sign(this.#privateKey)
  }

  noteNonce(url: string, nonce: string): void {
    const { origin } = new URL(url)
    this.#nonces.delete(origin)
    this.#nonces.set(origin, nonce)
    const [oldest] = this.#nonces.keys()
    if (this.#nonces.size > MOST_NONCES && oldest !== undefined) this.#nonces.delete(oldest)
  }
}

/** @throws TypeError naming the option. */
export function assertDPoPKey(value: unknown): asserts value is DPoPKey | undefined {
  if (value === undefined || value instanceof DPoPKey) return
  throw new TypeError("dpop must be a DPoPKey: await DPoPKey.generate(), or of DPoPKey.from(…)")
}
