import type { Token, TokenSource } from "evertoken"
import type { TokenRows } from "./database/token-rows.js"
import type { TokenTable } from "./database/token-table.js"
import type { TokenStrategy } from "./token-strategy.js"

/** A token in a cookie of the browser: HttpOnly, Secure, SameSite, named `__Host-…`, gone when the token ends. */
export interface CookieType {
  readonly strategy: "cookie"
  /** The type, in the database, whose refresh token renews this one. */
  readonly renewedBy?: string | undefined
  /**
   * `"signed"`, the default: a JWT (RFC 7519) signed with the first of `signingKeys`, which names the user and the times.
   * `"opaque"`: the value as it is, which only whoever gave it can judge; it has no times, so it is not renewed on the way.
   */
  readonly format?: "signed" | "opaque" | undefined
  /** Default: `__Host-` and the type's name. */
  readonly name?: string | undefined
  /** Default `"lax"`. */
  readonly sameSite?: "strict" | "lax" | "none" | undefined
  /** For how long after its token's end the cookie still says who the user is, in milliseconds. Default 0. */
  readonly idleTimeoutMs?: number | undefined
}

/** A token in a row of the database, encrypted; bound to its user and its type. */
export type DatabaseType = DatabaseTypeCommon &
  (
    | { readonly table: TokenTable; readonly rows?: undefined }
    /** Three functions over a schema of one's own. */
    | { readonly rows: TokenRows; readonly table?: undefined }
  )

interface DatabaseTypeCommon {
  readonly strategy: "database"
  /** What renews it; of the refresh token it is given `previous`. Undefined: it is never renewed. */
  readonly source?: TokenSource | undefined
}

/** Stands for several types of the database: it can be deleted, in one statement, and nothing else. */
export interface VirtualType {
  readonly strategy: "virtual"
  readonly of: readonly string[]
}

/** A type that a strategy of the application's keeps. */
export interface OwnType<Value = unknown> {
  readonly strategy: TokenStrategy<Value>
}

/** How one type of token is kept. */
export type TokenType = CookieType | DatabaseType | VirtualType | OwnType
/** The application's types, by name. */
export type TokenTypes = Readonly<Record<string, TokenType>>

/** Those that have a value of their own. */
export type ValueTypes<Types extends TokenTypes> = {
  readonly [Name in keyof Types & string as Types[Name] extends VirtualType ? never : Name]: Types[Name]
}

/** Those in the database. */
export type DatabaseTypes<Types extends TokenTypes> = {
  readonly [Name in keyof Types & string as Types[Name] extends DatabaseTypeCommon ? Name : never]: Types[Name]
}

/** Those that `accessToken` gives: cookies, and what has a source in the database. */
export type AccessTypes<Types extends TokenTypes> = {
  readonly [Name in keyof Types & string as Types[Name] extends CookieType | Renewed ? Name : never]: Types[Name]
}

/** Where a type names others, that they are declared, and of the right kind. */
export type Linked<Types extends TokenTypes> = {
  readonly [Name in keyof Types]: Types[Name] extends CookieType
    ? { readonly renewedBy?: RenewedName<Types> | undefined }
    : Types[Name] extends VirtualType
      ? { readonly of: readonly (keyof DatabaseTypes<Types>)[] }
      : unknown
}

interface Renewed extends DatabaseTypeCommon {
  readonly source: TokenSource
}

type RenewedName<Types extends TokenTypes> = keyof {
  [Name in keyof Types as Types[Name] extends Renewed ? Name : never]: Name
}

/** What `get` gives. */
export type ValueOf<Type extends TokenType> = Type extends OwnType<infer Value> ? Value : Token

/** What `set` takes: of a text the cookie makes an access token, and the database a refresh token. */
export type SettableOf<Type extends TokenType> = Type extends OwnType<infer Value> ? Value : Token | string
