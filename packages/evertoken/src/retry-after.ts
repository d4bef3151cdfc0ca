/** A `retry-after` header (RFC 9110, section 10.2.3: seconds, or a date) as milliseconds from `now`; undefined if it is neither. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER)
  // every form of a date has a time of day; without one Date.parse takes "-1" for a date, too
  const date = /\d:\d/.test(value) ? Date.parse(value) : NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
