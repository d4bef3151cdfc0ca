import { lifetimeOf } from "../token-lifetime.js"
import { deserializeToken, type Token } from "../token.js"
import { decodeRecord, own, parseObject } from "../stored-record.js"

/** What a token's file gives, or the reason why it gives none, in words without its content. */
export type TokenText = { readonly token: Token } | { readonly token?: never; readonly problem: string }

export interface TokenTextContext {
  /** When it was read, epoch milliseconds. */
  readonly now: number
  /** When it was written, epoch milliseconds. */
  readonly writtenAt: number
  /** How long a token is taken to last from `now` on if the file does not say, in milliseconds. */
  readonly lifetimeMs: number
}

/** Reads what other programs write: the bare token, a JSON object with an access token, or a store of this library. */
export function readTokenText(bytes: Buffer, context: TokenTextContext): TokenText {
  const text = bytes.toString("utf8").trim()
  if (text === "") return { problem: "is empty" }
  if (!text.startsWith("{")) return tokenFrom({ accessToken: text }, undefined, context)
  const data = parseObject(bytes)
  if (data === undefined) return { problem: "is no JSON object: torn, perhaps" }
  return own(data, "evertoken") === undefined ? readJson(data, context) : readStore(bytes)
}

/** The access token only: the refresh token belongs to the process that renews it. */
function readStore(bytes: Buffer): TokenText {
  const decoded = decodeRecord(bytes)
  if (decoded.record === undefined) return { problem: decoded.problem }
  const { token, sealed } = decoded.record
  if (sealed !== undefined) return { problem: "holds an encrypted token, which encrypted(cache, keyring) reads" }
  if (token === undefined || token.accessToken === "") return { problem: "holds no token: signed out" }
  return { token: token.with({ refreshToken: undefined, refreshTokenExpiresAt: undefined, version: undefined }) }
}

function readJson(data: object, context: TokenTextContext): TokenText {
  const accessToken = own(data, "access_token") ?? own(data, "accessToken")
  if (typeof accessToken !== "string") return { problem: "has no access_token" }
  const tokenType = own(data, "token_type") ?? own(data, "tokenType")
  return tokenFrom({ accessToken, tokenType }, expiryIn(data, context.writtenAt), context)
}

/** The names that are about: RFC 6749 (`expires_in`, from when the file was written), golang.org/x/oauth2 (`expiry`), and others. */
function expiryIn(data: object, writtenAt: number): number | undefined {
  for (const name of ["expiresAt", "expires_at", "expiry", "expires_on"]) {
    const moment = momentOf(own(data, name))
    if (moment !== undefined) return moment
  }
  const seconds = own(data, "expires_in") ?? own(data, "expiresIn")
  const isLength = typeof seconds === "number" || (typeof seconds === "string" && seconds.trim() !== "")
  const expiresAt = isLength ? writtenAt + Number(seconds) * 1000 : NaN
  return Number.isFinite(expiresAt) ? expiresAt : undefined
}

// as seconds it would be the year 5138
const LEAST_MILLISECONDS = 1e11

/** Seconds or milliseconds since the epoch, as a number or a string of one, or a date in ISO 8601. */
function momentOf(value: unknown): number | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined
  if (typeof value === "string" && value.trim() === "") return undefined
  const number = Number(value)
  if (Number.isFinite(number)) return number < LEAST_MILLISECONDS ? number * 1000 : number
  const date = Date.parse(String(value))
  return Number.isFinite(date) ? date : undefined
}

function tokenFrom(fields: object, expiresAt: number | undefined, context: TokenTextContext): TokenText {
  const { now, writtenAt, lifetimeMs } = context
  if (expiresAt !== undefined && expiresAt <= now) return { problem: "has a token that is expired" }
  const issuedAt = expiresAt === undefined ? now : Math.min(writtenAt, now)
  const lifetime = lifetimeOf({ issuedAt, expiresIn: ((expiresAt ?? now + lifetimeMs) - issuedAt) / 1000 })
  try {
    return { token: deserializeToken({ ...fields, issuedAt, ...lifetime }) }
  } catch {
    return { problem: "has something that is no access token" }
  }
}
