import { z } from "zod"

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const FORM = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)$/
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A length of time as people write it, such as `90s` or `1.5h`; in milliseconds once it is parsed. */
export const duration = z
  .string("must be a number and a unit, such as 500ms, 90s, 5m, 1h or 30d")
  .regex(FORM, "must be a number and a unit, such as 500ms, 90s, 5m, 1h or 30d")
  .meta({ description: "A length of time: a number and ms, s, m, h or d.", examples: ["90s", "5m", "1h"] })
  .transform(millisecondsIn)

/** The same, but not nothing, and no longer than timers can wait. */
export const waitingTime = duration.refine(
  (milliseconds) => milliseconds >= 1 && milliseconds <= LONGEST_TIMER_MS,
  "must be from 1ms to 24d",
)

function millisecondsIn(text: string): number {
  const unit = text.replace(/^[\d.]+/, "")
  return Number.parseFloat(text) * (isUnit(unit) ? UNITS[unit] : Number.NaN)
}

function isUnit(unit: string): unit is keyof typeof UNITS {
  return unit in UNITS
}
