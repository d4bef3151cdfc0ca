import fc from "fast-check"
import { CANARY } from "./promises.js"

const encoder = new TextEncoder()

export function bytesOf(text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  return text.map((each) => encoder.encode(each))
}

export const anyBytes = fc.uint8Array({ maxLength: 300 })

/** Texts in which a careless parser stumbles. */
export const oddText = fc.oneof(
  fc.constantFrom(
    CANARY,
    `${CANARY}\r\nx-evil: 1`,
    "",
    " ",
    "\0",
    "a b",
    "__proto__",
    "constructor",
    "\ud800",
    "\ufeff",
  ),
  fc.constantFrom("Bearer", "DPoP", "mac", "Bearer\r\nx: 1", "null", "NaN", "-1", "0", "3600", "1e400", "0x10", "٣"),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({ maxLength: 30 }),
)

const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 3600, 1e10, 1e12, 2 ** 31, 2 ** 52, 2 ** 53, 8.64e15, 1e300, -1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
)

/** JSON as text, since not every text of JSON can be made from a value: keys twice, numbers beyond all bounds. */
const oddScalar = fc.oneof(
  { weight: 4, arbitrary: oddText.map((text) => JSON.stringify(text)) },
  { weight: 3, arbitrary: oddNumber.map((number) => JSON.stringify(number)) },
  fc.constantFrom("null", "true", "false", "1e400", "-1e400", "[]", "{}", `["${CANARY}"]`, '{"__proto__":{"x":1}}'),
  fc.json({ maxDepth: 3 }),
)

/** An object with some of these members, perhaps twice, with odd values and odd others between them. */
export function objectText(members: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  const known = Object.entries(members).map(([name, likely]) =>
    fc.oneof({ weight: 4, arbitrary: likely }, oddScalar).map((value) => [name, value] as const),
  )
  const other = fc.tuple(fc.oneof(fc.constantFrom("__proto__", "constructor", "toString"), oddText), oddScalar)
  const member = fc.oneof({ weight: 12, arbitrary: fc.oneof(...known) }, other)
  const some = fc.array(member, { maxLength: 12 })
  const all = fc.tuple(...known)
  return fc
    .tuple(
      fc.oneof(
        some,
        all,
        fc.tuple(all, some).map(([a, b]) => [...a, ...b]),
      ),
    )
    .map(([pairs]) => `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`)
}

export const text = (...values: readonly unknown[]) => fc.constantFrom(...values.map((value) => JSON.stringify(value)))

/** Bytes that were right once: cut, torn, overwritten, with pieces twice or in the wrong place. */
export function damaged(sound: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(sound, fc.array(damage, { minLength: 0, maxLength: 4 })).map(([bytes, damages]) => {
    return damages.reduce((sofar, each) => each(sofar), bytes)
  })
}

const place = fc.double({ min: 0, max: 1, noNaN: true })
const at = (bytes: Uint8Array, where: number) => Math.floor(where * bytes.length)

const damage = fc.oneof(
  place.map((where) => (bytes: Uint8Array) => bytes.slice(0, at(bytes, where))),
  place.map((where) => (bytes: Uint8Array) => bytes.slice(at(bytes, where))),
  fc.tuple(place, fc.nat(255)).map(([where, byte]) => (bytes: Uint8Array) => {
    return bytes.map((each, index) => (index === at(bytes, where) ? byte : each))
  }),
  fc.tuple(place, anyBytes).map(([where, more]) => (bytes: Uint8Array) => {
    return join(bytes.slice(0, at(bytes, where)), more, bytes.slice(at(bytes, where)))
  }),
  fc.tuple(place, place, place).map(([from, to, where]) => (bytes: Uint8Array) => {
    const piece = bytes.slice(at(bytes, from), at(bytes, to))
    return join(bytes.slice(0, at(bytes, where)), piece, bytes.slice(at(bytes, where)))
  }),
)

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input)
}
