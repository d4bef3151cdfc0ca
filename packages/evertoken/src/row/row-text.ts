import { decodeRecord, encodeRecord, LARGEST_RECORD_BYTES, own, parseObject, spentNext } from "../stored-record.js"
import type { StoredToken } from "../token-cache.js"

/** A claim as it stands in the row of its key. */
export interface RowClaim {
  readonly what: string
  readonly n: number
  /** Empty: its owner gave up. */
  readonly owner: string
  /** Counts the signs of life of its owner, who promises one in `leaseMs`. */
  readonly beat: number
  readonly leaseMs: number
  /** When it was last written, epoch milliseconds by the clock of its owner. */
  readonly at: number
  /** The mark: when the request was sent, by the same clock. */
  readonly sentAt?: number | undefined
}

export interface RowTombstone {
  readonly what: string
  readonly at: number
}

/** What is in a row. */
export interface RowContent {
  readonly record: StoredToken | undefined
  /** The subject of the claims on the record's refresh token: a sealed one does not tell it. */
  readonly spends: string | undefined
  readonly claims: readonly RowClaim[]
  readonly tombstones: readonly RowTombstone[]
}

export const EMPTY_ROW: RowContent = { record: undefined, spends: undefined, claims: [], tombstones: [] }

/** A row's content, or why there is none, in words without it. */
export type ReadRow =
  { readonly content: RowContent } | { readonly content?: never; readonly problem: string; readonly generation: number }

/** The record as in every other store, and beside it what there is to say of claims on it: one JSON object. */
export function rowText({ record, spends, claims, tombstones }: RowContent): string {
  const data = record === undefined ? { evertoken: 1 } : parseObject(encodeRecord(record))
  return JSON.stringify({ ...data, spends, claims, tombstones })
}

/** Never throws: whatever is there, it is a row or a problem. */
export function readRow(text: string): ReadRow {
  const bytes = text.length > LARGEST_RECORD_BYTES ? undefined : Buffer.from(text)
  const data = (bytes && parseObject(bytes)) ?? {}
  const [claims, tombstones, spends] = ["claims", "tombstones", "spends"].map((name) => own(data, name))
  const hasNoRecord = own(data, "evertoken") === 1 && own(data, "version") === undefined && claims !== undefined
  const decoded = hasNoRecord ? undefined : decodeRecord(bytes)
  if (decoded !== undefined && decoded.record === undefined) return decoded
  const record = decoded?.record
  // a mark that is overlooked would be a token spent twice; a record that a person has put there has no claims
  if (!isListOf(claims ?? [], isClaim)) return unreadable("has invalid claims", record)
  if (!isListOf(tombstones ?? [], isTombstone)) return unreadable("has invalid tombstones", record)
  return {
    content: {
      record,
      spends: typeof spends === "string" ? spends : undefined,
      claims: isListOf(claims, isClaim) ? claims : [],
      tombstones: isListOf(tombstones, isTombstone) ? tombstones : [],
    },
  }
}

/** `content` with another record, claims and tombstones being what they were. */
export function withRecord(content: RowContent, record: StoredToken): RowContent {
  return { ...content, record, spends: spentNext(record) }
}

function unreadable(problem: string, record: StoredToken | undefined): ReadRow {
  return { problem, generation: record?.version.generation ?? 0 }
}

function isListOf<T>(value: unknown, isOne: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne)
}

function isClaim(value: unknown): value is RowClaim {
  if (typeof value !== "object" || value === null) return false
  const [n, sentAt] = [own(value, "n"), own(value, "sentAt")]
  const areTexts = ["what", "owner"].every((name) => typeof own(value, name) === "string")
  const areNumbers = ["beat", "leaseMs", "at"].every((name) => Number.isFinite(own(value, name)))
  return areTexts && areNumbers && Number.isSafeInteger(n) && (sentAt === undefined || Number.isFinite(sentAt))
}

function isTombstone(value: unknown): value is RowTombstone {
  if (typeof value !== "object" || value === null) return false
  return typeof own(value, "what") === "string" && Number.isFinite(own(value, "at"))
}
