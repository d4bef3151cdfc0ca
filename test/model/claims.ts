import type { ModelOptions } from "./options.js"
import type { Process, State } from "./state.js"
import { Mark, Owner, Presentation } from "./vocabulary.js"

export function highestClaim(state: State, subject: number): number {
  for (let n = state.dimensions.claimNumbers - 1; n >= 1; n--) {
    if (state.owners.get(subject, n) !== Owner.none) return n
  }
  return 0
}

/** Whether others take the owner for dead: it is, it has given the claim up, or it has been frozen for too long. */
export function isGone(state: State, owner: number): boolean {
  if (owner === Owner.gone || owner === Owner.lapsedRewriter) return true
  if (owner === Owner.rewriter) return false
  return owner >= Owner.firstProcess && state.process(owner - Owner.firstProcess).frozen !== 0
}

export const ownerOf = (process: Process): number => Owner.firstProcess + process.index

export const holdsClaim = (state: State, process: Process): boolean =>
  state.owners.get(process.subject, process.claimNumber) === ownerOf(process)

/** The number of another claim of the same subject whose owner lives; 0: none. */
export function otherLivingClaim(state: State, process: Process): number {
  for (let n = 1; n < state.dimensions.claimNumbers; n++) {
    if (n === process.claimNumber) continue
    const owner = state.owners.get(process.subject, n)
    if (owner !== Owner.none && !isGone(state, owner)) return n
  }
  return 0
}

/** How the subject may be presented, by the sent marks of its claims up to `highest`. */
export function decidePresentation(state: State, subject: number, highest: number, options: ModelOptions): number {
  if (options.grant === "repeatable") return Presentation.first
  let isSent = false
  let isLastTry = false
  for (let n = 1; n <= (highest || state.dimensions.claimNumbers - 1); n++) {
    const mark = state.marks.get(subject, n)
    if (mark === Mark.none || (options.marksRead === "highest" && n !== highest)) continue
    isSent = true
    if (mark === Mark.lastTry) isLastTry = true
  }
  if (!isSent) return Presentation.first
  if (options.leeway && state.withinLeeway !== 0) return Presentation.withinLeeway
  return options.lastTry === "per-token" && isLastTry ? Presentation.none : Presentation.lastTry
}

/** A claim of a process that is no more, or has given up: it stays, as that of a dead owner. */
export function leaveClaims(state: State, process: Process): void {
  const { subjects, claimNumbers } = state.dimensions
  for (let subject = 0; subject < subjects; subject++) {
    for (let n = 0; n < claimNumbers; n++) {
      if (state.owners.get(subject, n) === ownerOf(process)) state.owners.set(subject, n, Owner.gone)
    }
  }
}
