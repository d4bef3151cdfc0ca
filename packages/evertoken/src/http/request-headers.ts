import type { Dispatcher } from "undici"
import type { TokenHeaders } from "./carried-token.js"

type RequestHeaders = Dispatcher.DispatchOptions["headers"]
type Entry = readonly [name: string, value?: HeaderValue]
type HeaderValue = string | readonly string[] | undefined

// written as loops: every request goes through here, and copying its headers may not cost more than sending them

/** A copy of undici's request headers, in any of their shapes, as its flat list. */
export function flatHeaders(headers: RequestHeaders): string[] {
  const flat: string[] = []
  if (headers === null || headers === undefined) return flat
  if (isFlat(headers)) {
    for (let i = 0; i < headers.length; i += 2) add(flat, headers[i], headers[i + 1])
  } else if (isIterable(headers)) {
    for (const [name, value] of headers) add(flat, name, value)
  } else {
    for (const name of Object.keys(headers)) add(flat, name, headers[name])
  }
  return flat
}

/** Whether one of a flat list has this name (in lower case). */
export function hasHeader(flat: readonly string[], name: string): boolean {
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i]?.length === name.length && flat[i]?.toLowerCase() === name) return true
  }
  return false
}

/** A copy of a request with other headers, assigned: V8 is slow at `{ ...request, headers }`, which defines a name twice. */
export function withHeaders(request: Dispatcher.DispatchOptions, headers: string[]): Dispatcher.DispatchOptions {
  const copy = { ...request }
  copy.headers = headers
  return copy
}

/** The headers of a flat list with the token's, which replace those of the same name. */
export function withTokenHeaders(flat: readonly string[], token: TokenHeaders): string[] {
  const headers: string[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] ?? ""
    if (token[name.toLowerCase()] === undefined) headers.push(name, flat[i + 1] ?? "")
  }
  for (const name of Object.keys(token)) add(headers, name, token[name])
  return headers
}

function add(flat: string[], name = "", value: HeaderValue): void {
  if (value === undefined) return
  if (typeof value === "string") flat.push(name, value)
  else for (const one of [value].flat()) flat.push(name, one)
}

function isFlat(headers: object): headers is readonly string[] {
  return Array.isArray(headers) && !Array.isArray(headers[0])
}

function isIterable(headers: object): headers is Iterable<Entry> {
  return Symbol.iterator in headers
}
