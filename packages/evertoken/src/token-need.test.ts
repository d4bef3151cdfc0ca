import { expect, test } from "vitest"
import { HeldToken } from "./token-lifetime.js"
import { satisfies } from "./token-need.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { Token } from "./token.js"

const clock = new VirtualClock()
const [issuedAt, staleAt, expiresAt] = [clock.now(), clock.now() + 60_000, clock.now() + 100_000]

function token(accessToken: string, generation?: number): Token {
  const version = generation === undefined ? undefined : { lineage: "lineage", generation, id: accessToken }
  return new Token({ accessToken, issuedAt, staleAt, expiresAt, version })
}

test("an unexpired token will do for who asks for nothing else", () => {
  const held = new HeldToken(token("a"), clock)
  expect(satisfies(held, {})).toBe(true)
  clock.stepWall(100_000)
  expect(satisfies(held, {})).toBe(false)
  clock.stepWall(-100_000)
})

test.each([
  [token("a", 1), token("a", 1), false],
  [token("a", 2), token("a", 1), false],
  [token("b", 2), token("a", 1), true],
  [token("b", 1), token("a", 1), true],
  [token("b", 1), token("a", 2), false],
  [token("b"), token("a", 1), true],
  [token("b", 1), token("a"), true],
])("newer means different, and not of an earlier record (%#)", (held, newerThan, expected) => {
  expect(satisfies(new HeldToken(held, clock), { newerThan })).toBe(expected)
})

test.each([
  [40_000, true],
  [40_001, true],
  [50_000, true],
  [1_000_000, true],
])("a token just issued satisfies any minimum validity: %i ms", (minimumValidityMs, expected) => {
  expect(satisfies(new HeldToken(token("a"), clock), { minimumValidityMs })).toBe(expected)
})

test.each([
  [45_000, true],
  [60_000, false],
])("after 45 of 100 s, a minimum validity of %i ms: %s", async (minimumValidityMs, expected) => {
  const later = new VirtualClock({ now: issuedAt })
  const held = new HeldToken(token("a"), later)
  await later.advance(50_000)
  expect(satisfies(held, { minimumValidityMs })).toBe(expected)
})
