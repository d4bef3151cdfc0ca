import type { TokenStatus } from "../tokens/token-status.js"

const UNITS = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: 1_000 },
] as const

/** How a token is doing, as people say it. */
export function stateWords({ status, isSigningIn, canSignIn }: TokenStatus): string {
  if (isSigningIn) return "signing in"
  if (status === "starting") return "no token yet"
  if (status === "signed-out") return "signed out"
  if (status !== "reauthentication-required") return status
  return canSignIn ? "sign-in needed" : "new grant needed"
}

/** When it will be renewed, and what went before. */
export function renewalWords({ isRenewing, nextRenewalAt, attempts }: TokenStatus, now: number): string {
  const next = nextRenewalAt !== undefined && nextRenewalAt <= now ? "now" : momentWords(nextRenewalAt, now)
  const words = isRenewing ? "now" : next
  if (attempts === 0) return words
  return `${words} (failed ${["once", "twice"][attempts - 1] ?? `${attempts} times`})`
}

/** How far off a moment is, such as `in 4 min`, `2 h ago`. */
export function momentWords(moment: number | undefined, now: number): string {
  if (moment === undefined) return "-"
  const text = lengthWords(Math.abs(moment - now))
  return moment > now ? `in ${text}` : `${text} ago`
}

/** In the largest unit that it fills. */
function lengthWords(lengthMs: number): string {
  const { unit, ms } = UNITS.find(({ ms }) => lengthMs >= ms) ?? { unit: "s", ms: 1_000 }
  return `${Math.floor(lengthMs / ms)} ${unit}`
}
