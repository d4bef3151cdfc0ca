const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/**
 * A length of time as it is typed: `90s`, `20m`, `1h`. Zero needs no unit.
 * @returns milliseconds; undefined if it is no length of time
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0
  const [, amount, unit] = PATTERN.exec(text) ?? []
  return isUnit(unit) ? Number(amount) * UNITS[unit] : undefined
}

/** As a person would say it, rounded to what matters: `1.5 h`, `20 min`, `0.8 s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0"
  if (ms >= UNITS.h) return `${rounded(ms / UNITS.h)} h`
  return ms >= UNITS.m ? `${rounded(ms / UNITS.m)} min` : `${rounded(ms / UNITS.s)} s`
}

function rounded(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 1 })
}

function isUnit(unit: string | undefined): unit is keyof typeof UNITS {
  return unit !== undefined && unit in UNITS
}
