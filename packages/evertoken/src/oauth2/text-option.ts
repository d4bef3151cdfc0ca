/** @throws TypeError unless `value` is a string of printable characters, not empty. */
export function assertText(name: string, value: unknown): asserts value is string {
  if (typeof value !== "string" || value === "") {
    throw new TypeError(`${name} must be a string, not empty; got ${value === "" ? "an empty one" : typeof value}`)
  }
  if (/[\p{Cc}\p{Cs}]/u.test(value)) {
    throw new TypeError(`${name} must not hold control characters, nor halves of surrogate pairs`)
  }
}
