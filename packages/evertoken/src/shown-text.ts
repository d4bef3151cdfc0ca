const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu
const LONGEST = 200
// to look through all of a megabyte would keep the process busy
const EXAMINED = 4_000
// so much of a secret in a row is no coincidence; issuers quote shortened tokens too
const TELLING = 12

/**
 * A text from an issuer, fit for an error: control characters and direction marks out, at most 200 characters, and
 * dropped whole if it quotes a part of what was sent in secret.
 */
export function shownText(value: unknown, secrets: readonly string[]): string | undefined {
  if (typeof value !== "string") return undefined
  const text = value.replace(CONTROL, " ").trim().slice(0, EXAMINED)
  const joined = value.replace(CONTROL, "").trim().slice(0, EXAMINED)
  const forms = secrets.flatMap(formsOf)
  if (quotesAny(text, forms) || quotesAny(joined, forms)) return undefined
  return text === "" ? undefined : text.slice(0, LONGEST)
}

/** As it is, and as URLs and forms write it. */
function formsOf(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), new URLSearchParams([["", secret]]).toString().slice(1)]
}

function quotesAny(text: string, secrets: readonly string[]): boolean {
  const windows = new Set(windowsOf(text))
  return secrets.some((secret) => {
    if (secret.length <= TELLING) return secret !== "" && text.includes(secret)
    return windowsOf(secret).some((window) => windows.has(window))
  })
}

function windowsOf(text: string): readonly string[] {
  return Array.from({ length: Math.max(0, text.length - TELLING + 1) }, (_, at) => text.slice(at, at + TELLING))
}
