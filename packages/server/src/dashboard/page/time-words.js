const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/**
 * A length of time as people say it: its two largest units at most, rounded down.
 * @param {number} ms
 */
export function lengthWords(ms) {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, "h", MINUTE_MS, "min")
  return twoUnits(ms, DAY_MS, "d", HOUR_MS, "h")
}

/**
 * @param {number} ms
 * @param {number} largeMs
 * @param {string} large
 * @param {number} smallMs
 * @param {string} small
 */
function twoUnits(ms, largeMs, large, smallMs, small) {
  const rest = Math.floor((ms % largeMs) / smallMs)
  const first = `${Math.floor(ms / largeMs)} ${large}`
  return rest === 0 ? first : `${first} ${rest} ${small}`
}

/**
 * `in 12 min`, `12 min ago`, `now`.
 * @param {number} at
 * @param {number} now
 */
export function relativeWords(at, now) {
  const ms = at - now
  if (Math.abs(ms) < SECOND_MS) return "now"
  return ms > 0 ? `in ${lengthWords(ms)}` : `${lengthWords(-ms)} ago`
}

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
const withSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" })

/**
 * `12:04`, for axes.
 * @param {number} at
 * @param {{ seconds?: boolean }} [options]
 */
export function clockWords(at, { seconds = false } = {}) {
  return (seconds ? withSeconds : timeOfDay).format(at)
}

/** @param {number} at */
export function exactWords(at) {
  return exact.format(at)
}
