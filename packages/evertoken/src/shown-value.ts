/** A value that is not what an option must be, for a message: numbers as they are, of all else the type only. */
export function shownValue(value: unknown): string {
  if (typeof value === "number" || value === null || value === undefined) return String(value)
  const type = typeof value
  return type === "object" ? "an object" : `a ${type}`
}
