import { describe, expect, it } from "vitest"
import { flatHeaders, hasHeader, withTokenHeaders } from "./request-headers.js"

type RequestHeaders = Parameters<typeof flatHeaders>[0]

const pairs = (own: string): [string, string][] => [
  ["x-own", "kept"],
  [own, "theirs"],
]
const shapes: readonly (readonly [string, (own: string) => RequestHeaders])[] = [
  ["a flat list", (own) => pairs(own).flat()],
  ["pairs", (own) => pairs(own)],
  ["an object", (own) => Object.fromEntries(pairs(own))],
  ["Headers", (own) => new Headers(pairs(own))],
  ["a Map", (own) => new Map(pairs(own))],
]

describe.each(shapes)("of headers as %s", (_, headersWith) => {
  it("one is found, in any case", () => {
    expect(hasHeader(flatHeaders(headersWith("Authorization")), "authorization")).toBe(true)
    expect(hasHeader(flatHeaders(headersWith("authorization")), "authorization")).toBe(true)
    expect(hasHeader(flatHeaders(headersWith("x-authorization")), "authorization")).toBe(false)
  })

  it("all are kept beside the token's, but for a proof that is not this token's", () => {
    const token = { authorization: "DPoP t", dpop: "proof" }
    const kept = [...new Headers(pairs("x-other"))].flat()
    expect(withTokenHeaders(flatHeaders(headersWith("x-other")), token).sort()).toEqual(
      [...kept, ...Object.entries(token).flat()].sort(),
    )
    expect(withTokenHeaders(flatHeaders(headersWith("dpop")), token)).toEqual([
      ...["x-own", "kept"],
      ...Object.entries(token).flat(),
    ])
  })
})

it("none, and those that are undefined, are no headers; several values of one are several headers", () => {
  const token = { authorization: "Bearer t" }
  for (const none of [undefined, null, {}, [], { authorization: undefined }]) {
    expect(hasHeader(flatHeaders(none), "x-own")).toBe(false)
    expect(withTokenHeaders(flatHeaders(none), token)).toEqual(["authorization", "Bearer t"])
  }
  expect(withTokenHeaders(flatHeaders({ a: ["1", "2"], b: undefined }), token)).toEqual([
    ...["a", "1", "a", "2"],
    ...["authorization", "Bearer t"],
  ])
})
