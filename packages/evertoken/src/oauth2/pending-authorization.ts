import { inspect } from "node:util"

/** What a {@link PendingAuthorization} is made of. */
export interface PendingAuthorizationFields {
  /** Where to send the browser. */
  readonly url: string
  readonly redirectUri: string
  /** The issuer's identifier; without one, its authorization endpoint. */
  readonly issuer: string
  readonly state: string
  readonly codeVerifier: string
  readonly nonce?: string | undefined
}

// for serializePendingAuthorization alone: nothing else gets all the secrets at once
let fieldsOf: (pending: PendingAuthorization) => PendingAuthorizationFields

/**
 * A sign-in that has begun and waits for the browser to come back. Immutable. Send the browser to `url`, and keep this for
 * the browser's own session (see {@link serializePendingAuthorization}): that the two belong together is what keeps a
 * stranger's answer out.
 *
 * `codeVerifier`, `state` and `nonce` are readable, but `console.log`, `util.inspect`, `JSON.stringify`, template strings
 * and cloning show `[redacted]` or nothing, and nothing of `url` but its origin and path.
 */
export class PendingAuthorization {
  readonly redirectUri: string
  readonly issuer: string
  readonly #url: string
  readonly #state: string
  readonly #codeVerifier: string
  readonly #nonce: string | undefined

  /** @throws TypeError that names the field, never its value. */
  constructor({ url, redirectUri, issuer, state, codeVerifier, nonce }: PendingAuthorizationFields) {
    for (const [name, value] of Object.entries({ url, redirectUri, issuer, state, codeVerifier }))
      assertField(name, value)
    if (nonce !== undefined) assertField("nonce", nonce)
    if (!URL.canParse(url)) throw new TypeError("pending authorization: url must be a URL")
    this.#url = url
    this.redirectUri = redirectUri
    this.issuer = issuer
    this.#state = state
    this.#codeVerifier = codeVerifier
    this.#nonce = nonce
    Object.freeze(this)
  }

  get url(): string {
    return this.#url
  }
  get state(): string {
    return this.#state
  }
  get codeVerifier(): string {
    return this.#codeVerifier
  }
  get nonce(): string | undefined {
    return this.#nonce
  }

  /** Its fields, the secrets as `[redacted]`. */
  toJSON(): Record<string, string> {
    const { redirectUri, issuer } = this
    const { origin, pathname } = new URL(this.#url)
    return { url: `${origin}${pathname}?${REDACTED}`, redirectUri, issuer, state: REDACTED, codeVerifier: REDACTED }
  }

  /** That it is a sign-in under way, and no secret. */
  toString(): string {
    return `PendingAuthorization ${REDACTED}`
  }

  /** As {@link toJSON}: `console.log` shows no secret. */
  [inspect.custom](): string {
    return `PendingAuthorization ${inspect(this.toJSON())}`
  }

  static {
    fieldsOf = ({ url, redirectUri, issuer, state, codeVerifier, nonce }) => {
      const fields = { url, redirectUri, issuer, state, codeVerifier }
      return nonce === undefined ? fields : { ...fields, nonce }
    }
  }
}

/** The deliberate way out: a plain object with the secrets in it, for the session that the browser's cookie names. */
export function serializePendingAuthorization(pending: PendingAuthorization): PendingAuthorizationFields {
  return fieldsOf(pending)
}

/**
 * The way back. Unknown properties are ignored.
 * @throws TypeError that names the field, never its value.
 */
export function deserializePendingAuthorization(data: unknown): PendingAuthorization {
  if (!isObject(data)) throw new TypeError("a serialized pending authorization must be an object")
  if (data.codeVerifier === REDACTED) {
    throw new TypeError(
      "a serialized pending authorization must have its secrets: write what serializePendingAuthorization gives",
    )
  }
  return new PendingAuthorization(data)
}

const REDACTED = "[redacted]"

// its fields are checked by what is made of them
function isObject(data: unknown): data is PendingAuthorizationFields {
  return typeof data === "object" && data !== null
}

function assertField(name: string, value: unknown): void {
  if (typeof value === "string" && value !== "") return
  throw new TypeError(`pending authorization: ${name} must be a string, not empty`)
}
