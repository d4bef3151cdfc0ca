import { challengesOf } from "./challenge.js"

export interface RejectionOptions {
  readonly renewOn: "unauthorized" | "invalid_token"
}

/**
 * What the API rejects: the `token` itself (get a newer one), or the `proof` (try once more with the nonce that came
 * with the answer; RFC 9449, section 9).
 */
export type Rejection = "token" | "proof"

/** Judges an answer by its status and its `WWW-Authenticate` header. Undefined: sending it again mends nothing. */
export function rejectionOf(
  status: number,
  header: string | readonly string[] | null | undefined,
  { renewOn }: RejectionOptions,
): Rejection | undefined {
  if (status !== 401) return undefined
  const challenges = challengesOf(header).filter(({ scheme }) => scheme === "bearer" || scheme === "dpop")
  const errors = challenges.map(({ parameters }) => parameters.get("error"))
  if (errors.includes("use_dpop_nonce")) return "proof"
  if (errors.includes("invalid_token")) return "token"
  const isBare = errors.every((error) => error === undefined)
  return isBare && renewOn === "unauthorized" ? "token" : undefined
}
