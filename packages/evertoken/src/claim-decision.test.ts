import { expect, test } from "vitest"
import { decideClaim, decidePresentation, type ClaimSituation } from "./claim-decision.js"
import type { ClaimView } from "./token-cache.js"

function situation(view: Partial<ClaimView>, rest: Partial<Omit<ClaimSituation, "view">> = {}): ClaimSituation {
  return {
    view: { n: 1, owner: "gone", othersAlive: false, sentAgoMs: undefined, rejected: false, ...view },
    singleUse: true,
    leftMs: 60_000,
    stoodStillMs: 0,
    requestTimeoutMs: 10_000,
    safeReuseMs: 0,
    ...rest,
  }
}

test.each(["none", "gone", "self"] as const)("owner %s, not sent: the next claim is taken at once", (owner) => {
  expect(decideClaim(situation({ owner }))).toBe("first")
  expect(decideClaim(situation({ owner }, { singleUse: false }))).toBe("first")
})

test("owner gone, sent, repeatable: the same", () => {
  expect(decideClaim(situation({ sentAgoMs: 1 }, { singleUse: false }))).toBe("first")
})

test.each([
  [14_999, 15_000, "within-leeway"],
  [15_000, 15_000, undefined],
  [0, 0, undefined],
  [0, -15_000, undefined],
] as const)("owner gone, sent %i ms ago, single-use, safe for %i ms: %s", (sentAgoMs, safeReuseMs, expected) => {
  expect(decideClaim(situation({ sentAgoMs }, { safeReuseMs }))).toBe(expected)
})

test.each([
  [29_999, 30_000, undefined],
  [30_000, 30_000, "last-try"],
  [14_999, 0, undefined],
  [15_000, 0, "last-try"],
  [14_999, 5_000, undefined],
  [15_000, 5_000, "last-try"],
] as const)("owner gone, sent %i ms ago, single-use, %i ms left: %s", (sentAgoMs, leftMs, expected) => {
  expect(decideClaim(situation({ sentAgoMs }, { leftMs }))).toBe(expected)
})

test.each([
  [Infinity, 0, 0, undefined],
  [Infinity, 0, 14_999, undefined],
  [Infinity, 0, 15_000, "last-try"],
  [Infinity, 60_000, 59_999, undefined],
  [Infinity, 60_000, 60_000, "last-try"],
  [-20_000, 0, 14_999, undefined],
  [NaN, 0, 14_999, undefined],
  [NaN, 0, 15_000, "last-try"],
] as const)(
  "owner gone, single-use, sent nobody knows when (%d), %i ms left, seen for %i ms: %s, whatever the leeway",
  (sentAgoMs, leftMs, stoodStillMs, expected) => {
    for (const safeReuseMs of [-15_000, 0, 1e9]) {
      expect(decideClaim(situation({ sentAgoMs }, { leftMs, stoodStillMs, safeReuseMs }))).toBe(expected)
    }
  },
)

test("a living owner of what works once is never overtaken", () => {
  expect(decideClaim(situation({ owner: "alive" }, { stoodStillMs: 1e9, leftMs: 0 }))).toBeUndefined()
})

test.each([
  [60_000, 10_999, undefined],
  [60_000, 11_000, "first"],
  [20_000, 4_999, undefined],
  [20_000, 5_000, "first"],
  [400, 999, undefined],
  [400, 1_000, "first"],
  [0, 10_999, undefined],
  [0, 11_000, "first"],
] as const)("a living owner, repeatable, %i ms left, seen for %i ms: %s", (leftMs, stoodStillMs, expected) => {
  expect(decideClaim(situation({ owner: "alive" }, { singleUse: false, leftMs, stoodStillMs }))).toBe(expected)
})

test("once the claim is taken, only what was sent counts", () => {
  expect(decidePresentation(situation({ owner: "self" }))).toBe("first")
  expect(decidePresentation(situation({ owner: "self", sentAgoMs: 0 }))).toBeUndefined()
})
