import { inspect } from "node:util"
import type { Counted, Expectation } from "../format/expectation.js"
import { codeOf, inRange, type Mismatch } from "./ending.js"
import { nameOf } from "./secret-names.js"
import type { SimulatedProcess } from "./simulated-process.js"
import type { Stage } from "./stage.js"

/** What is not as expected at this point. */
export async function mismatchesOf(expected: Expectation, stage: Stage): Promise<readonly Mismatch[]> {
  const { issuer, operations } = stage
  const process = stage.process(expected.of)
  const pending = [...operations].filter(([, operation]) => operation.isPending).map(([name]) => name)
  const presented = issuer.requests.flatMap(({ refreshToken }) => refreshToken ?? [])
  return [
    ...counted("requests to the issuer", expected.requests, issuer.requests.length),
    ...equal("refresh tokens presented", expected.presented, presented),
    ...equal("live grants", expected.liveGrants, issuer.grants.live),
    ...equal("calls under way", expected.pending, pending),
    ...Object.entries(expected.events ?? {}).flatMap(([name, count]) =>
      counted(`events "${name}"`, count, stage.events.count(name)),
    ),
    ...inState(expected, process, stage),
    ...(expected.store === undefined ? [] : await inStore(expected.store, process, stage)),
  ]
}

function inState(expected: Expectation, process: SimulatedProcess, stage: Stage): readonly Mismatch[] {
  const { state, emitted } = process
  const { status, renewing, attempts, lastError, nextRenewal } = expected
  const inMs = state?.nextRenewalAt === undefined ? undefined : state.nextRenewalAt - stage.clock.now()
  if (state?.lastError !== undefined) stage.show(inspect(state, { depth: Infinity, showHidden: true }))
  return [
    ...equal("status", status, state?.status),
    ...equal("renewing", renewing, state?.isRenewing),
    ...counted("attempts", attempts, state?.attempts),
    ...equal("last error", lastError, state?.lastError === undefined ? "none" : codeOf(state.lastError)),
    ...equal("tokens told by token$", expected.emitted, emitted),
    ...(nextRenewal === "none" ? equal("next renewal", undefined, inMs, true) : []),
    ...(nextRenewal === undefined || nextRenewal === "none" ? [] : inRange("next renewal", nextRenewal, inMs)),
  ]
}

async function inStore(
  expected: NonNullable<Expectation["store"]>,
  { key }: SimulatedProcess,
  { store }: Stage,
): Promise<readonly Mismatch[]> {
  const record = await store.read(key)
  const { token } = record ?? {}
  const lifetimeMs = token && token.expiresAt - token.issuedAt
  return [
    ...equal("token in the store", expected.token, nameOf(token?.accessToken)),
    ...equal("refresh token in the store", expected.refreshToken, nameOf(token?.refreshToken)),
    ...equal("scope in the store", expected.scope, token?.scope),
    ...equal("signed out in the store", expected.signedOut, record !== undefined && token === undefined),
    ...(expected.lifetime === undefined ? [] : inRange("lifetime in the store", expected.lifetime, lifetimeMs)),
  ]
}

type Plain = string | number | boolean | readonly string[] | undefined

function equal(what: string, expected: Plain, seen: Plain, wantsNone = false): readonly Mismatch[] {
  if (expected === undefined && !wantsNone) return []
  const [wanted, found] = [shown(expected), shown(seen)]
  return wanted === found ? [] : [{ what, expected: wanted, seen: found }]
}

function shown(value: Plain): string {
  if (value === undefined) return "none"
  if (typeof value !== "object") return String(value)
  return value.length === 0 ? "none" : value.join(", ")
}

function counted(what: string, expected: Counted | undefined, seen: number | undefined): readonly Mismatch[] {
  if (expected === undefined) return []
  const { atLeast = 0, atMost = Infinity } =
    typeof expected === "number" ? { atLeast: expected, atMost: expected } : expected
  if (seen !== undefined && seen >= atLeast && seen <= atMost) return []
  const wanted =
    atLeast === atMost ? String(atLeast) : `from ${atLeast} to ${atMost === Infinity ? "any number" : atMost}`
  return [{ what, expected: wanted, seen: String(seen ?? "none") }]
}
