import { expect, test } from "vitest"
import { EVERTOKEN } from "./peers.js"
import { play } from "./play.js"
import { coldCallers } from "./scenarios/callers.js"
import { issuerDown } from "./scenarios/outages.js"
import { rotatedRefreshToken } from "./scenarios/refresh-tokens.js"

test("1,000 callers without a token send one request", async () => {
  expect(await play(EVERTOKEN, coldCallers)).toEqual({ mark: "ok", seen: "1 request" })
})

test("while the issuer answers 500, the token that it gave before is served", async () => {
  expect(await play(EVERTOKEN, issuerDown)).toEqual({ mark: "ok", seen: "5 of 5 reads served" })
})

test("a refresh token that works once is presented once, and the next process has its successor", async () => {
  const seen = "3 of 3 reads served, 1 of 1 by the second process"
  expect(await play(EVERTOKEN, rotatedRefreshToken)).toEqual({ mark: "ok", seen })
})
