import type { StoredToken } from "./token-cache.js"
import { hashOf } from "./token-source.js"
import { deserializeToken, isTokenVersion, serializeToken, type Token, type TokenVersion } from "./token.js"

/** The format this version writes; what has a higher number is left alone. */
const FORMAT = 1

/** A number above is no generation that anyone has reached: it is somebody's mistake. */
export const HIGHEST_GENERATION = 2 ** 52

/**
 * No record is larger; what is, is somebody else's. Most are some kilobytes. An issuer's answer is read up to 1 MB, and
 * each of the four texts in a record may come from another answer.
 */
export const LARGEST_RECORD_BYTES = 8 * 1024 * 1024

/** What is in a store: a record, or the reason why there is none, in words without its content. */
export type Decoded =
  { readonly record: StoredToken } | { readonly record?: never; readonly problem: string; readonly generation: number }

/** One JSON object, for people and other tools to read. */
export function encodeRecord({ version, token, sealed, fingerprint, lineages, restoredAt }: StoredToken): Buffer {
  const { lineage, generation, id } = version
  const { version: _, ...fields } = token === undefined ? {} : serializeToken(token)
  const data = {
    evertoken: FORMAT,
    version: { lineage, generation, id },
    fingerprint,
    lineages,
    restoredAt,
    token: token && fields,
    sealed: sealed?.jwe,
  }
  return Buffer.from(`${JSON.stringify(data, undefined, 2)}\n`)
}

/** The subject of the claims on the refresh token of a record. */
export function spentNext({ token, sealed }: StoredToken): string | undefined {
  return token?.refreshToken === undefined ? sealed?.spends : hashOf(token.refreshToken)
}

/** Never throws: whatever is there, it is a record or a problem. */
export function decodeRecord(bytes: Buffer | undefined): Decoded {
  if (bytes === undefined) return problem("is far too large for a token store")
  if (bytes.byteLength === 0) return problem("is empty")
  const data = parseObject(bytes)
  if (data === undefined) return problem("is no JSON object: torn, or written by something else")
  const version = own(data, "version")
  const generation = isTokenVersion(version) ? version.generation : 0
  const format = own(data, "evertoken")
  if (typeof format === "number" && format > FORMAT) {
    return problem(
      `was written by a newer version of evertoken (format ${format}, this one knows ${FORMAT})`,
      generation,
    )
  }
  if (format !== FORMAT) return problem("is JSON, but no token store of evertoken")
  if (!isTokenVersion(version) || version.generation > HIGHEST_GENERATION) return problem("has no valid version")
  return decodeFields(data, { lineage: version.lineage, generation, id: version.id })
}

function decodeFields(data: object, version: TokenVersion): Decoded {
  const { generation } = version
  const fingerprint = own(data, "fingerprint")
  if (fingerprint !== undefined && typeof fingerprint !== "string")
    return problem("has an invalid fingerprint", generation)
  const lineages = own(data, "lineages") ?? []
  if (!isStrings(lineages)) return problem("has invalid lineages", generation)
  const restoredAt = own(data, "restoredAt")
  if (restoredAt !== undefined && !Number.isFinite(restoredAt)) return problem("has an invalid restoredAt", generation)
  const common = { version, fingerprint, lineages, ...(typeof restoredAt === "number" && { restoredAt }) }
  const sealed = own(data, "sealed")
  if (typeof sealed === "string") return { record: { ...common, sealed: { jwe: sealed } } }
  if (sealed !== undefined) return problem("has an invalid sealed token", generation)
  const fields = own(data, "token")
  if (fields === undefined) return { record: common }
  const token = decodeToken(fields, version)
  if (token === undefined) return problem("has an invalid token", generation)
  return { record: { ...common, token } }
}

const TOKEN_FIELDS = [
  "accessToken",
  "tokenType",
  "issuedAt",
  "staleAt",
  "expiresAt",
  "refreshToken",
  "refreshTokenExpiresAt",
  "idToken",
  "scope",
] as const

function decodeToken(data: unknown, version: TokenVersion): Token | undefined {
  if (typeof data !== "object" || data === null) return undefined
  const fields = Object.fromEntries(TOKEN_FIELDS.map((name) => [name, own(data, name)]))
  try {
    return deserializeToken({ ...fields, version })
  } catch {
    return undefined
  }
}

// what has no record is no reason to count where nobody can
function problem(text: string, generation = 0): Decoded {
  return { problem: text, generation: generation < HIGHEST_GENERATION ? generation : 0 }
}

/** The parser's own message quotes what it has read: it goes no further. */
export function parseObject(bytes: Buffer): object | undefined {
  try {
    const data: unknown = JSON.parse(bytes.toString("utf8"))
    return typeof data === "object" && data !== null ? data : undefined
  } catch {
    return undefined
  }
}

/** A property of the object itself: nothing a prototype has counts. */
export function own(data: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(data, name)?.value
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string")
}
