import { expect, test } from "vitest"
import { EVERTOKEN } from "./peers.js"
import { play } from "./play.js"
import { coldCallers } from "./scenarios/callers.js"
import { fourMinutes, opaqueToken } from "./scenarios/lifetimes.js"
import { issuerDown } from "./scenarios/outages.js"
import { rotatedRefreshToken } from "./scenarios/refresh-tokens.js"

test("1,000 callers without a token send one request", async () => {
  expect(await play(EVERTOKEN, coldCallers)).toEqual({ mark: "ok", seen: "1 request" })
})

test("while the issuer answers 500, the token that it gave before is served", async () => {
  const { mark, seen } = await play(EVERTOKEN, issuerDown)
  expect(mark).toBe("ok")
  // the second request: a renewal was due, and failed
  expect(seen).toMatch(/^5 of 5 reads served, [2-9] requests$/)
})

test("a refresh token that works once is presented once, and the next process has its successor", async () => {
  const seen = "3 of 3 reads served, 1 of 1 by the second process"
  expect(await play(EVERTOKEN, rotatedRefreshToken)).toEqual({ mark: "ok", seen })
})

test("who does not hold up is tried again with the option that its file names, and what that changes is told", async () => {
  const module = new URL("library-with-an-option.js", import.meta.url).href
  const library = { name: "library", package: "library", module }
  expect(await play(library, fourMinutes)).toEqual({
    mark: "option",
    seen: "20 requests; with `keep: true`: 1 request",
  })
  const twice = "2 requests, 2 of 2 reads served"
  expect(await play(library, opaqueToken)).toEqual({ mark: "not", seen: `${twice}; with \`keep: false\`: ${twice}` })
})
