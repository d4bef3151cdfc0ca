import { z } from "zod"

const UNITS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const

const PATTERN = /^(-?\d+(?:\.\d+)?) (ms|s|min|h|d)$/

/** How a scenario writes a length of time: `"250 ms"`, `"30 s"`, `"10 min"`, `"-1 h"`. */
export const duration = z
  .string()
  .regex(PATTERN, 'write a length of time as "250 ms", "30 s", "10 min", "8 h" or "2 d"')

export type Duration = z.infer<typeof duration>

/** @throws RangeError for what is no duration. */
export function toMs(text: Duration): number {
  const [, amount, unit] = PATTERN.exec(text) ?? []
  if (amount === undefined || !isUnit(unit)) throw new RangeError(`no duration: ${text}`)
  return Number(amount) * UNITS[unit]
}

export function toOptionalMs(text: Duration | undefined): number | undefined {
  return text === undefined ? undefined : toMs(text)
}

function isUnit(unit: string | undefined): unit is keyof typeof UNITS {
  return unit !== undefined && unit in UNITS
}
