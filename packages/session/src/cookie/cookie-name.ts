// RFC 9110, section 5.6.2
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
// a cookie of this name would be a part of another one
const CHUNK = /\.\d+$/
const PREFIX = /^__(?:host|secure)-/i
const LONGEST = 200

/**
 * The name of a type's cookie: its own, or `__Host-` and the type's name. All prefixes of RFC 6265bis will do, since the
 * attributes are always what they demand.
 * @throws TypeError that says what is wrong with it.
 */
export function cookieNameOf(type: string, own: string | undefined): string {
  const name = own ?? `__Host-${type}`
  if (!TOKEN.test(name)) throw unfit(type, `must be made of letters, digits and !#$%&'*+-.^_\`|~`)
  if (name.length > LONGEST) throw unfit(type, `must have at most ${LONGEST} characters`)
  if (CHUNK.test(name)) throw unfit(type, `must not end in a dot and a number, as the parts of a large cookie do`)
  const [prefix] = PREFIX.exec(name) ?? []
  // browsers take a prefix in any case, servers compare names exactly
  if (prefix !== undefined && prefix !== "__Host-" && prefix !== "__Secure-") {
    throw unfit(type, "must have its prefix written __Host- or __Secure-")
  }
  if (prefix === name) throw unfit(type, "must be more than a prefix")
  return name
}

function unfit(type: string, problem: string): TypeError {
  return new TypeError(`types.${type}.name ${problem}`)
}
