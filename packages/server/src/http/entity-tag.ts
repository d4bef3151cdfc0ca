/** Whether an `If-None-Match` header (RFC 9110, section 13.1.2) names this tag. */
export function isNamedIn(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(",").some((named) => named.trim() === "*" || strong(named.trim()) === tag)
}

/** As people put it in a URL: with quotes or without. */
export function entityTag(text: string): string {
  return `"${strong(text).replaceAll('"', "")}"`
}

function strong(tag: string): string {
  return tag.replace(/^W\//, "")
}
