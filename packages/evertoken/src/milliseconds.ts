import { shownValue } from "./shown-value.js"

/** The longest time that a timer keeps (`setTimeout`), in milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Checks an option that is a length of time; `undefined` will do, for its default.
 * @throws TypeError that names the option.
 */
export function assertMilliseconds(
  name: string,
  value: unknown,
  { least, most = Infinity }: { readonly least: number; readonly most?: number | undefined },
): void {
  if (value === undefined) return
  if (typeof value === "number" && Number.isFinite(value) && value >= least && value <= most) return
  const range = most === Infinity ? `a finite number of at least ${least}` : `from ${least} to ${most}`
  throw new TypeError(`${name} must be milliseconds, ${range}; got ${shownValue(value)}`)
}
