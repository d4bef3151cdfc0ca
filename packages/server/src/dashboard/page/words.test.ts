import { expect, test } from "vitest"
import type { TokenStatus } from "../../tokens/token-status.js"
import { lifeWords, type Life } from "./life-bar.js"
import { besidesWords, stateWords, summaryWords } from "./state-words.js"
import { lengthWords, relativeWords } from "./time-words.js"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const status: TokenStatus = {
  ...{ name: "billing", grant: "client_credentials", clientId: "app", store: "default", isEncrypted: true },
  ...{ status: "fresh", isRenewing: false, attempts: 0, canSignIn: false, isSigningIn: false },
}

test.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [12 * MINUTE + 59 * SECOND, "12 min"],
  [HOUR, "1 h"],
  [2 * HOUR + 5 * MINUTE, "2 h 5 min"],
  [DAY - 1, "23 h 59 min"],
  [3 * DAY + 4 * HOUR + 59 * MINUTE, "3 d 4 h"],
])("a length of time is said in its two largest units: %i ms", (ms, words) => {
  expect(lengthWords(ms)).toBe(words)
})

test("a moment is in so long, so long ago, or now", () => {
  expect([5 * MINUTE, -5 * MINUTE, 999, -999].map((ms) => relativeWords(ms, 0))).toEqual([
    "in 5 min",
    "5 min ago",
    "now",
    "now",
  ])
})

test("the bar says all that it shows", () => {
  const life = { issuedAt: 0, staleAt: 50 * MINUTE, expiresAt: HOUR, nextRenewalAt: 45 * MINUTE }
  expect(lifeWords(life, 15 * MINUTE)).toBe(
    "Issued 15 min ago, stale in 35 min, next attempt in 30 min, expires in 45 min",
  )
  expect(lifeWords(life, 2 * HOUR)).toBe("Issued 2 h ago, stale for 1 h 10 min, next attempt now, expired 1 h ago")
  expect(lifeWords({}, 0)).toBe("No token")
  expect(lifeWords({ nextRenewalAt: MINUTE }, 0)).toBe("No token, next attempt in 1 min")
})

test("a token that does not expire, whose end JSON cannot tell, is said to be so", () => {
  const life = JSON.parse(JSON.stringify({ issuedAt: 0, expiresAt: Infinity, staleAt: Infinity })) as Life
  expect(lifeWords(life, MINUTE)).toBe("Issued 1 min ago, does not expire")
})

test("no two states look alike, be it without their colours", () => {
  const states = ["fresh", "stale", "expired", "reauthentication-required", "signed-out"] as const
  const glyphs = states.map((state) => stateWords({ ...status, status: state }).glyph)
  expect(new Set(glyphs).size).toBe(states.length)
})

test("a sign-in is called for only where somebody can sign in", () => {
  const needed = { ...status, status: "reauthentication-required" } as const
  expect(stateWords({ ...needed, canSignIn: true }).word).toBe("Sign-in needed")
  expect(stateWords(needed).word).toBe("New grant needed")
})

test("what else goes on is said beside the state", () => {
  expect(besidesWords(status)).toBe("")
  expect(besidesWords({ ...status, isRenewable: false })).toBe("no refresh token")
  expect(besidesWords({ ...status, attempts: 2 })).toBe("2 failures")
  expect(besidesWords({ ...status, attempts: 2, isRenewing: true })).toBe("renewing…")
  expect(besidesWords({ ...status, isRenewing: true, isSigningIn: true })).toBe("sign-in under way")
})

test("the summary counts each state", () => {
  const needed = { ...status, status: "reauthentication-required", canSignIn: true } as const
  expect(summaryWords([needed, status, status])).toEqual(["2 fresh", "1 sign-in needed"])
})

test("the summary warns of what is not encrypted", () => {
  const bare = { ...status, isEncrypted: false }
  expect(summaryWords([bare, status])).toEqual(["2 fresh", "1 kept without encryption"])
  expect(summaryWords([bare, bare])).toEqual(["2 fresh", "kept without encryption"])
})
