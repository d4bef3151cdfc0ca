import { inspect } from "node:util"

/** What a {@link Token} is made of. Times are epoch milliseconds. */
export interface TokenFields {
  /** Visible ASCII (RFC 6750, section 2.1). Empty only in a token that never was valid: it carries a refresh token. */
  readonly accessToken: string
  /** How to present it; `"Bearer"` unless the issuer says otherwise. */
  readonly tokenType?: string | undefined
  /** The moment before the request for it was sent. */
  readonly issuedAt: number
  /** From here on a newer one is sought. */
  readonly staleAt: number
  /** From here on it is not served. */
  readonly expiresAt: number
  readonly refreshToken?: string | undefined
  /** When the refresh token itself ends, if the issuer said so. */
  readonly refreshTokenExpiresAt?: number | undefined
  /** OpenID Connect. */
  readonly idToken?: string | undefined
  /** The scope granted, separated by spaces. */
  readonly scope?: string | undefined
  /** Its place among the records of its key; set by the cached token source. */
  readonly version?: TokenVersion | undefined
}

/** Orders the records of one key: the higher generation is the newer one. */
export interface TokenVersion {
  /** One chain of renewals. Begins with a configured refresh token (its hash) or a sign-in (random). */
  readonly lineage: string
  /** Grows by one with each record, across lineages and sign-outs. */
  readonly generation: number
  /** Random: tells apart two records of the same generation. */
  readonly id: string
}

// for serializeToken alone: nothing else gets all the secrets at once
let fieldsOf: (token: Token) => TokenFields
let isToken: (value: unknown) => value is Token

/**
 * An access token and what came with it. Immutable.
 *
 * The secrets (`accessToken`, `authorization`, `refreshToken`, `idToken`) are readable, but nothing shows them by
 * accident: `console.log`, `util.inspect`, `JSON.stringify`, template strings, spreading and cloning give
 * `[redacted]` or nothing. {@link serializeToken} is the one deliberate way out.
 */
export class Token {
  readonly #accessToken: string
  readonly #authorization: string
  readonly #refreshToken: string | undefined
  readonly #idToken: string | undefined
  readonly tokenType: string
  readonly issuedAt: number
  readonly staleAt: number
  readonly expiresAt: number
  readonly refreshTokenExpiresAt: number | undefined
  readonly scope: string | undefined
  readonly version: TokenVersion | undefined

  /** @throws TypeError that names the field, never its value. */
  constructor(fields: TokenFields) {
    assertFields(fields)
    this.#accessToken = fields.accessToken
    this.#refreshToken = fields.refreshToken
    this.#idToken = fields.idToken
    this.tokenType = canonicalTokenType(fields.tokenType ?? "Bearer")
    this.#authorization = `${this.tokenType} ${fields.accessToken}`
    this.issuedAt = fields.issuedAt
    this.staleAt = fields.staleAt
    this.expiresAt = fields.expiresAt
    this.refreshTokenExpiresAt = fields.refreshTokenExpiresAt
    this.scope = fields.scope
    this.version = fields.version && frozenVersion(fields.version)
    Object.freeze(this)
  }

  get accessToken(): string {
    return this.#accessToken
  }
  /** The value of an `authorization` header, `"Bearer …"`. */
  get authorization(): string {
    return this.#authorization
  }
  get refreshToken(): string | undefined {
    return this.#refreshToken
  }
  get idToken(): string | undefined {
    return this.#idToken
  }

  /** A copy with other values in some fields. */
  with(changes: Partial<TokenFields>): Token {
    return new Token({ ...this.#fields(), ...changes })
  }

  /** Its fields, the secrets as `[redacted]`. */
  toJSON(): Record<string, unknown> {
    const { version, ...fields } = this.#fields()
    return { ...redacted(fields), ...(version && { version }) }
  }

  /** That it is a token and when it expires, and no secret. */
  toString(): string {
    return `Token [redacted], expires ${new Date(this.expiresAt).toISOString()}`
  }

  /** As {@link toJSON}: `console.log` shows no secret. */
  [inspect.custom](): string {
    return `Token ${inspect(this.toJSON())}`
  }

  #fields(): TokenFields {
    return {
      accessToken: this.#accessToken,
      tokenType: this.tokenType,
      issuedAt: this.issuedAt,
      staleAt: this.staleAt,
      expiresAt: this.expiresAt,
      refreshToken: this.#refreshToken,
      refreshTokenExpiresAt: this.refreshTokenExpiresAt,
      idToken: this.#idToken,
      scope: this.scope,
      version: this.version,
    }
  }

  static {
    fieldsOf = (token) => token.#fields()
    // a proxy of a token, as state libraries make, is an instance of it and has nothing of it
    isToken = (value) => typeof value === "object" && value !== null && #accessToken in value
  }
}

export { isToken }

/** A token's fields as plain data, secrets included: for writing a cache, nothing else. */
export type SerializedToken = TokenFields

/** The deliberate way out: a plain object with the secrets in it. Keep it off logs and errors. */
export function serializeToken(token: Token): SerializedToken {
  const fields = fieldsOf(token)
  const { accessToken, issuedAt, staleAt, expiresAt } = fields
  return { accessToken, issuedAt, staleAt, expiresAt, ...withoutUndefined(fields) }
}

/**
 * The way back. Unknown properties are ignored.
 * @throws TypeError that names the field, never its value.
 */
export function deserializeToken(data: unknown): Token {
  if (!isObject(data)) throw new TypeError("a serialized token must be an object")
  if (data.accessToken === REDACTED) {
    throw new TypeError(
      "a serialized token must have its secrets: write what serializeToken gives, not the token itself",
    )
  }
  return new Token(data)
}

// its fields are checked by the Token made of them
function isObject(data: unknown): data is TokenFields {
  return typeof data === "object" && data !== null
}

/** Whether the two are records of the same generation and origin. */
export function sameVersion(a: TokenVersion | undefined, b: TokenVersion | undefined): boolean {
  return a?.generation === b?.generation && a?.id === b?.id
}

function canonicalTokenType(tokenType: string): string {
  const lower = tokenType.toLowerCase()
  if (lower === "bearer") return "Bearer"
  return lower === "dpop" ? "DPoP" : tokenType
}

const REDACTED = "[redacted]"
const SECRETS: ReadonlySet<string> = new Set(["accessToken", "refreshToken", "idToken"])

function redacted(fields: object): Record<string, unknown> {
  const shown = Object.entries(withoutUndefined(fields))
  return Object.fromEntries(shown.map(([name, value]) => [name, SECRETS.has(name) ? REDACTED : value]))
}

function withoutUndefined(fields: object) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** A copy: the caller's object may change later, or hold more than it should. */
export function frozenVersion({ lineage, generation, id }: TokenVersion): TokenVersion {
  return Object.freeze({ lineage, generation, id })
}

// visible ASCII: a header made of it cannot be split, and RFC 6749 (appendix A) allows no more
const VISIBLE = /^[\x21-\x7e]+$/
// RFC 6749, appendix A.17; refresh tokens go into a form, where blanks are harmless
const PRINTABLE = /^[\x20-\x7e]+$/

function assertFields(fields: TokenFields): void {
  const { accessToken, tokenType, issuedAt, staleAt, expiresAt, refreshTokenExpiresAt, version } = fields
  assertMoment("issuedAt", issuedAt)
  assertMoment("staleAt", staleAt)
  assertMoment("expiresAt", expiresAt)
  if (refreshTokenExpiresAt !== undefined) assertMoment("refreshTokenExpiresAt", refreshTokenExpiresAt)
  if (typeof accessToken !== "string") throw fieldError("token: accessToken must be a string")
  if (accessToken === "" ? expiresAt > issuedAt : !VISIBLE.test(accessToken)) {
    throw fieldError("token: accessToken must be visible ASCII characters (RFC 6750), and not empty")
  }
  if (tokenType !== undefined && (typeof tokenType !== "string" || !/^[\w.+-]+$/.test(tokenType))) {
    throw fieldError("token: tokenType must be a single word such as Bearer")
  }
  for (const name of ["refreshToken", "idToken", "scope"] as const) {
    const value: unknown = fields[name]
    if (value !== undefined && (typeof value !== "string" || !PRINTABLE.test(value))) {
      throw fieldError(`token: ${name} must be printable ASCII characters, and not empty`)
    }
  }
  if (version !== undefined && !isTokenVersion(version)) {
    throw fieldError("token: version must have a lineage, a generation and an id")
  }
}

// what a Date can be made of
function assertMoment(name: keyof TokenFields, value: unknown): void {
  if (typeof value === "number" && Math.abs(value) <= 8.64e15) return
  throw fieldError(`token: ${name} must be epoch milliseconds, a finite number`)
}

/** Whether `value` has the shape of a {@link TokenVersion}. */
export function isTokenVersion(value: unknown): value is TokenVersion {
  if (typeof value !== "object" || value === null) return false
  const { lineage, generation, id }: { readonly [Field in keyof TokenVersion]?: unknown } = value
  return (
    typeof lineage === "string" && typeof id === "string" && Number.isSafeInteger(generation) && Number(generation) >= 0
  )
}

const fieldProblems = new WeakMap<object, string>()

function fieldError(problem: string): TypeError {
  const error = new TypeError(problem)
  fieldProblems.set(error, problem)
  return error
}

/** If an error says what is wrong with a token's field: that, which may be shown, since it never tells the value. */
export function fieldProblemOf(error: object): string | undefined {
  return fieldProblems.get(error)
}
