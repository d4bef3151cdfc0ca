const TOKEN = "[!#$%&'*+.^_`|~\\w-]+"
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"'
const PARAMETER = new RegExp(`^\\s*(${TOKEN})\\s*=\\s*(?:(${QUOTED})|(${TOKEN}))\\s*(?:,|$)`)
const SCHEME = new RegExp(`^[\\s,]*(${TOKEN})(?:\\s+|,|$)(?!=)`)
const TOKEN68 = /^[\w.~+/-]+=*\s*(?:,|$)/
const LONGEST = 8_192

/** One challenge of a `WWW-Authenticate` header. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

/** The challenges of a `WWW-Authenticate` header (RFC 9110, section 11.6.1), as far as it can be read. */
export function challengesOf(header: string | readonly string[] | null | undefined): readonly Challenge[] {
  let rest = [header ?? []].flat().join(", ").slice(0, LONGEST)
  const challenges: Challenge[] = []
  for (let scheme = SCHEME.exec(rest); scheme?.[1] !== undefined; scheme = SCHEME.exec(rest)) {
    rest = rest.slice(scheme[0].length)
    const parameters = new Map<string, string>()
    for (let match = PARAMETER.exec(rest); match?.[1] !== undefined; match = PARAMETER.exec(rest)) {
      parameters.set(match[1].toLowerCase(), match[3] ?? unquoted(match[2] ?? ""))
      rest = rest.slice(match[0].length)
    }
    if (parameters.size === 0) rest = rest.replace(TOKEN68, "")
    challenges.push({ scheme: scheme[1].toLowerCase(), parameters })
  }
  return challenges
}

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, "$1")
}
