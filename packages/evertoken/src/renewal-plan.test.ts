import { expect, test } from "vitest"
import { onTopOf, successorOf, type RenewalPlan } from "./renewal-plan.js"
import { tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"

const clock = new VirtualClock()
const version = { lineage: "old", generation: 7, id: "a" }
const previous = tokenOf("previous", clock, { refreshToken: "kept", refreshTokenExpiresAt: 5_000, version })

const plan: RenewalPlan = {
  subject: { what: "0123456789abcdef", singleUse: true },
  previous,
  expected: version,
  spendsRefreshToken: true,
  lineage: "old",
  lineages: ["first"],
}

test("a refresh token that is not given anew keeps its end, and a new one has its own, or none", () => {
  const kept = successorOf(plan, tokenOf("next", clock), "fingerprint").token
  expect([kept?.refreshToken, kept?.refreshTokenExpiresAt]).toEqual(["kept", 5_000])
  const given = successorOf(plan, tokenOf("next", clock, { refreshToken: "new" }), "fingerprint").token
  expect([given?.refreshToken, given?.refreshTokenExpiresAt]).toEqual(["new", undefined])
})

test("a record and its token are of one version, the next one of the plan's lineage", () => {
  const record = successorOf(plan, tokenOf("next", clock), "fingerprint")
  expect(record.version).toMatchObject({ lineage: "old", generation: 8 })
  expect(record.token?.version).toEqual(record.version)
})

test("what begins a lineage comes on top of what is stored; on top of a sign-out it is one, and has seen the lineage", () => {
  const begun = successorOf(
    { ...plan, lineage: "new", lineages: ["first", "new"], previous: undefined },
    tokenOf("next", clock),
    "fingerprint",
  )
  const stored = { version: { lineage: "old", generation: 9, id: "b" }, token: previous, lineages: ["first"] }
  const above = onTopOf(stored, begun)
  expect(above).toMatchObject({ version: { lineage: "new", generation: 10 }, lineages: ["first", "new"] })
  expect(above.token?.version).toEqual(above.version)
  expect(above.token?.accessToken).toBe("next")

  const signedOut = onTopOf({ ...stored, token: undefined }, begun)
  expect(signedOut).toMatchObject({ version: { lineage: "old", generation: 10 }, lineages: ["first", "new"] })
  expect(signedOut.token).toBeUndefined()
})
