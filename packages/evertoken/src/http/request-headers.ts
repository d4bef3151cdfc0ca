import type { Dispatcher } from "undici"
import type { TokenHeaders } from "./carried-token.js"

type RequestHeaders = Dispatcher.DispatchOptions["headers"]
type Entry = readonly [name: string, value?: string | readonly string[] | undefined]

/** Whether undici's request headers, in any of their shapes, have one of this name (in lower case). */
export function hasHeader(headers: RequestHeaders, name: string): boolean {
  return entriesOf(headers).some(([own]) => own.toLowerCase() === name)
}

/** A copy of the headers, as undici's flat list. */
export function ownHeaders(headers: RequestHeaders): string[] {
  return withTokenHeaders(headers, {})
}

/** The same headers with the token's, as undici's flat list. */
export function withTokenHeaders(headers: RequestHeaders, token: TokenHeaders): string[] {
  const own = entriesOf(headers).filter(([name]) => !Object.hasOwn(token, name.toLowerCase()))
  const flat = own.flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]))
  return [...flat, ...Object.entries(token).flat()]
}

function entriesOf(headers: RequestHeaders): readonly Entry[] {
  if (headers === null || headers === undefined) return []
  if (isFlat(headers)) return pairsOf(headers)
  return isIterable(headers) ? [...headers] : Object.entries(headers)
}

function pairsOf(flat: readonly string[]): Entry[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]]] : []))
}

function isFlat(headers: object): headers is readonly string[] {
  return Array.isArray(headers) && !Array.isArray(headers[0])
}

function isIterable(headers: object): headers is Iterable<Entry> {
  return Symbol.iterator in headers
}
