const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu
const LONGEST = 200
// so much of a secret in a row is no coincidence; issuers quote shortened tokens too
const TELLING = 12

/**
 * A text from an issuer, fit for an error: control characters and direction marks out, at most 200 characters, and
 * dropped whole if it quotes a part of what was sent in secret.
 */
export function shownText(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== "string") return undefined
  const text = value.replace(CONTROL, " ").trim()
  const joined = value.replace(CONTROL, "")
  if (secrets.some((secret) => quotes(text, secret) || quotes(joined, secret))) return undefined
  return text === "" ? undefined : text.slice(0, LONGEST)
}

function quotes(text: string, secret: string): boolean {
  return [secret, encodeURIComponent(secret)].some((form) => {
    if (form.length <= TELLING) return form !== "" && text.includes(form)
    const windows = Array.from({ length: form.length - TELLING + 1 }, (_, at) => form.slice(at, at + TELLING))
    return windows.some((window) => text.includes(window))
  })
}
