import type { ModelOptions } from "./options.js"
import type { State } from "./state.js"
import { Request } from "./vocabulary.js"

export interface IssuerAnswer {
  readonly request: number
  /** The new refresh token; of a repeatable grant: how many were issued. */
  readonly token: number
}

const REFUSED: IssuerAnswer = { request: Request.invalidGrant, token: 0 }

/** The issuer processes one request that presents `subject`: all at once, as a database transaction does. */
export function issuerProcesses(state: State, subject: number, options: ModelOptions): IssuerAnswer {
  const family = state.familyOf(subject)
  const newest = state.newest.get(family)
  if (options.grant === "repeatable") return issue(state, family)
  if (state.revoked.get(family) !== 0) return REFUSED
  if (subject === newest) {
    state.leewayOpen.set(family, 1)
    return issue(state, family)
  }
  const isWithinLeeway = options.leeway && state.leewayOpen.get(family) !== 0 && subject === newest - 1
  if (isWithinLeeway) return { request: Request.granted, token: newest }
  if (options.reuse === "revokes") state.revoked.set(family, 1)
  return REFUSED
}

function issue(state: State, family: number): IssuerAnswer {
  state.newest.add(family, 1)
  return { request: Request.granted, token: state.newest.get(family) }
}
