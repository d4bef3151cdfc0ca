import type { StoredToken } from "./token-cache.js"
import type { Token } from "./token.js"

/** Clocks that differ by less are taken to agree: the way to the store and back takes its time, too. */
const AGREEING_WITHIN_MS = 1_000

/** The last moment that a `Date` can be: no clock differs by more, and no token has a time after it. */
const END_OF_TIME = 8.64e15

/**
 * A record as a process reads it whose clock is not the writer's. Both know by how much the clock of the store is ahead of
 * their own: the writer's `offsetMs` is kept beside the record, the reader's comes with the answer. Never throws: what is kept
 * there and cannot be one counts as none.
 */
export function inClockOfReader(
  record: StoredToken,
  offsets: { readonly writerMs: number; readonly readerMs: number },
): StoredToken {
  const writerMs = Math.abs(offsets.writerMs) <= END_OF_TIME ? offsets.writerMs : 0
  const shiftMs = writerMs - offsets.readerMs
  if (Math.abs(shiftMs) < AGREEING_WITHIN_MS) return record
  const { token, sealed, restoredAt } = record
  return {
    ...record,
    token: token && shifted(token, shiftMs),
    ...(sealed && { sealed: { jwe: sealed.jwe, shiftMs } }),
    ...(restoredAt !== undefined && { restoredAt: restoredAt + shiftMs }),
  }
}

/** A token whose times are those of a clock that is `shiftMs` ahead. */
function shifted(token: Token, shiftMs: number): Token {
  const { issuedAt, staleAt, expiresAt, refreshTokenExpiresAt } = token
  const later = (time: number) => Math.max(-END_OF_TIME, Math.min(time + shiftMs, END_OF_TIME))
  return token.with({
    issuedAt: later(issuedAt),
    staleAt: later(staleAt),
    expiresAt: later(expiresAt),
    refreshTokenExpiresAt: refreshTokenExpiresAt && later(refreshTokenExpiresAt),
  })
}

/** An exchange with a store: what its clock said, and this process's own before it asked and after it was answered. */
export interface ClockReading {
  readonly storeNow: number
  readonly askedAt: number
  readonly answeredAt: number
}

/**
 * By how much the clock of a store is ahead of this process's own: of all that the exchange allows, what is nearest to
 * nothing. A slow answer does not make clocks differ that agree, and no error is longer than the exchange took.
 */
export function offsetOfStore({ storeNow, askedAt, answeredAt }: ClockReading): number {
  return Math.min(Math.max(0, storeNow - answeredAt), storeNow - askedAt)
}
