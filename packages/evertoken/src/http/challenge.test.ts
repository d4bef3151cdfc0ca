import fc from "fast-check"
import { expect, it } from "vitest"
import { challengesOf } from "./challenge.js"
import { rejectionOf } from "./rejection.js"

const read = (header: string | readonly string[] | null | undefined) =>
  challengesOf(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])

const headers: readonly (readonly [string | readonly string[] | null | undefined, unknown])[] = [
  [undefined, []],
  [null, []],
  ["", []],
  ["Bearer", [["bearer", {}]]],
  ['Bearer error="invalid_token"', [["bearer", { error: "invalid_token" }]]],
  ["BEARER Error=invalid_token", [["bearer", { error: "invalid_token" }]]],
  ['Bearer realm="a, b=\\"c\\"", error = "x"', [["bearer", { realm: 'a, b="c"', error: "x" }]]],
  [
    'Basic realm="x", Bearer error="invalid_token", scope="a b"',
    [
      ["basic", { realm: "x" }],
      ["bearer", { error: "invalid_token", scope: "a b" }],
    ],
  ],
  [
    "Negotiate abc==, Basic, DPoP error=use_dpop_nonce",
    [
      ["negotiate", {}],
      ["basic", {}],
      ["dpop", { error: "use_dpop_nonce" }],
    ],
  ],
  [
    ['Bearer realm="x"', 'DPoP algs="ES256"'],
    [
      ["bearer", { realm: "x" }],
      ["dpop", { algs: "ES256" }],
    ],
  ],
  ['Bearer realm="never closed, error="invalid_token"', [["bearer", {}]]],
]
it.each(headers)("the challenges of %j are read", (header, challenges) => {
  expect(read(header)).toEqual(challenges)
})

it("no header is too much to read", () => {
  fc.assert(fc.property(fc.string({ maxLength: 2_000 }), (header) => challengesOf(header).length >= 0))
  const piece = fc.constantFrom("Bearer", "=", '"', "\\", ",", " ", "a")
  fc.assert(fc.property(fc.array(piece, { maxLength: 3_000 }), (pieces) => challengesOf(pieces.join("")).length >= 0))
})

const answers: readonly (readonly [number, string | undefined, string | undefined, string | undefined])[] = [
  [401, 'Bearer error="invalid_token"', "token", "token"],
  [401, 'Basic realm="x", Bearer error="invalid_token"', "token", "token"],
  [401, 'DPoP error="invalid_token"', "token", "token"],
  [401, undefined, "token", undefined],
  [401, "Bearer", "token", undefined],
  [401, 'Basic realm="x", error="invalid_token"', "token", undefined],
  [401, 'Bearer error="insufficient_scope", scope="b"', undefined, undefined],
  [401, 'Bearer error="invalid_request"', undefined, undefined],
  [403, 'Bearer error="insufficient_scope"', undefined, undefined],
  [403, 'Bearer error="invalid_token"', undefined, undefined],
  [200, 'Bearer error="invalid_token"', undefined, undefined],
  [401, 'DPoP error="use_dpop_nonce"', "proof", "proof"],
  [401, 'DPoP error="invalid_dpop_proof"', undefined, undefined],
]
it.each(answers)("%i %s rejects by default: %s; on invalid_token only: %s", (status, header, byDefault, strictly) => {
  expect(rejectionOf(status, header, { renewOn: "unauthorized" })).toBe(byDefault)
  expect(rejectionOf(status, header, { renewOn: "invalid_token" })).toBe(strictly)
})
