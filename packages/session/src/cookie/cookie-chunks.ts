import { createHash } from "node:crypto"
import { ATTRIBUTE_BYTES } from "./cookie-attributes.js"

/**
 * Of name, value and attributes: browsers count 4,096 for the first two (RFC 6265bis, section 5.6), older ones for all, and
 * some stop three short.
 */
const COOKIE_BYTES = 4_093
/**
 * More would lock the user out: a Node server refuses, by default, a request whose headers have 16 KiB, before the
 * application sees it, and other headers need their part.
 */
const MOST_CHUNKS = 3
/** How many parts there are (of a later version perhaps more than now), and what they are parts of. */
const FRAME = /^([2-9])\.([\w-]{16})\./
const FRAME_BYTES = 19

/** As many bytes as a cookie of this name has room for. */
export function roomIn(name: string): number {
  return MOST_CHUNKS * roomInChunk(name) - FRAME_BYTES
}

/**
 * The cookies that hold `value`: one, if it fits, else `name.0`, `name.1`, … The first one says how many there are, and of
 * what: parts of two values are never taken for one.
 * @param value of ASCII characters, for which there must be room
 */
export function chunked(name: string, value: string): readonly (readonly [name: string, value: string])[] {
  if (name.length + 1 + value.length + ATTRIBUTE_BYTES <= COOKIE_BYTES) return [[name, value]]
  const room = roomInChunk(name)
  const count = Math.ceil((FRAME_BYTES + value.length) / room)
  const framed = `${count}.${tagOf(value)}.${value}`
  return Array.from({ length: count }, (_, at) => [`${name}.${at}`, framed.slice(at * room, (at + 1) * room)])
}

/** @returns undefined: they are not what {@link chunked} gives, or only a part of it. */
export function joined(name: string, cookies: ReadonlyMap<string, readonly string[]>): string | undefined {
  const whole = cookies.get(name)
  if (whole !== undefined) return single(whole)
  const first = single(cookies.get(`${name}.0`))
  const [frame = "", count, tag] = FRAME.exec(first ?? "") ?? []
  // what is left over of a larger one is not asked for
  const chunks = Array.from({ length: Number(count) }, (_, at) => single(cookies.get(`${name}.${at}`)))
  if (chunks.includes(undefined)) return undefined
  const value = chunks.join("").slice(frame.length)
  return tagOf(value) === tag ? value : undefined
}

// the name of a chunk has two characters more
function roomInChunk(name: string): number {
  return COOKIE_BYTES - ATTRIBUTE_BYTES - name.length - 2 - 1
}

/** A name that comes twice is one too many: another host of the domain may have written it, and nothing tells which. */
function single(values: readonly string[] | undefined): string | undefined {
  const [value, second] = values ?? []
  return second === undefined && value !== undefined && value.length <= COOKIE_BYTES ? value : undefined
}

/** 96 bits: it need not withstand anyone, since who can write cookies can write whole ones. */
function tagOf(value: string): string {
  return createHash("sha256").update(value).digest("base64url").slice(0, 16)
}
