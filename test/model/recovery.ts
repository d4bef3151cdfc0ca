import { effectiveGeneration, recordAt } from "./generations.js"
import type { Search } from "./search.js"
import { Dimensions, type Process, State } from "./state.js"
import { hasToken, isSignedOut, Mark, NOTHING, Owner, Phase, recordOf, Request, tokenOf } from "./vocabulary.js"

/** States from which, though a token is at hand, no way leads to the end of all renewals. */
export interface Recovery {
  /** I4: nobody can ever renew again. */
  readonly stuck: readonly number[]
  /** I6: everybody believes that a sign-in is needed. */
  readonly despairing: readonly number[]
  /** Left out of both: a last try was used up by an owner that died with it, and there is one only. */
  readonly exempt: number
}

const Judgement = { indifferent: 0, mustRecover: 1, recovered: 2 } as const

/** I4 and I6, over the whole graph of a search that was not cut off. */
export function judgeRecovery(search: Search): Recovery {
  const state = new State(new Dimensions(search.options))
  const judgements = new Uint8Array(search.states.size)
  const despairing: number[] = []
  let exempt = 0
  for (let id = 0; id < search.states.size; id++) {
    search.states.load(id, state)
    const judgement = judge(search, state, search.bad.has(id))
    if (judgement === undefined) exempt++
    else judgements[id] = judgement
    if (judgement === Judgement.mustRecover && despairs(search, state)) despairing.push(id)
  }
  return { stuck: statesWithoutWay(search, judgements), despairing, exempt }
}

/** @returns undefined if it is exempt. */
function judge(search: Search, state: State, isBad: boolean): number | undefined {
  const generation = effectiveGeneration(state, search.options)
  const record = recordAt(state, generation)
  if (isBad || isSignedOut(record) || isFinished(search, state, generation, record)) return Judgement.recovered
  const isSingleUse = search.options.grant === "single-use"
  const family = isSingleUse && hasToken(record) ? state.familyOf(tokenOf(record)) : 0
  if (state.revoked.get(family) !== 0 || state.storeDeleted !== 0) return Judgement.indifferent
  if (!isAtHand(state, record, state.newest.get(family), isSingleUse)) return Judgement.indifferent
  if (isSingleUse && hasUsedUpLastTry(search, state, record)) return undefined
  return state.processes.some(({ alive }) => alive !== 0) ? Judgement.mustRecover : Judgement.indifferent
}

function isFinished(search: Search, state: State, generation: number, record: number): boolean {
  const { grant, rotations } = search.options
  if (grant === "repeatable") return generation >= rotations
  return hasToken(record) && tokenOf(record) % state.dimensions.tokensPerFamily >= rotations
}

/** Whether the newest token is in the store, in a living process's memory, or in an answer that it has. */
function isAtHand(state: State, record: number, newest: number, isSingleUse: boolean): boolean {
  const isStored = record !== NOTHING && (!isSingleUse || record === recordOf(newest))
  return isStored || state.processes.some((process) => holds(process, recordOf(newest)))
}

function holds({ alive, heldRecord, phase, request, answer }: Process, record: number): boolean {
  if (alive === 0) return false
  const isAnswered = phase === Phase.waiting && request === Request.granted
  const isCommitting = phase === Phase.linking || phase === Phase.renaming
  return heldRecord === record || (answer === record && (isAnswered || isCommitting))
}

function hasUsedUpLastTry(search: Search, state: State, record: number): boolean {
  if (search.options.lastTry !== "per-token" || !hasToken(record)) return false
  const subject = tokenOf(record)
  for (let n = 1; n < state.dimensions.claimNumbers; n++) {
    const isUsed = state.marks.get(subject, n) === Mark.lastTry
    if (isUsed && state.owners.get(subject, n) === Owner.gone) return true
  }
  return false
}

/** Whether all who live believe it, and are wrong. */
function despairs({ options }: Search, state: State): boolean {
  // as coded, the store may have been written just after the last look in it: then the next look adopts that
  const generation = options.granularity === "as-coded" ? effectiveGeneration(state, options) : 0
  const isWrong = (process: Process) =>
    process.phase === Phase.reauthentication && generation <= process.heldGeneration && !hasLostItsOwn(state, process)
  return options.grant === "single-use" && state.processes.every((process) => process.alive === 0 || isWrong(process))
}

/** The new refresh token that it was configured with is good for nothing any more: it is right. */
const hasLostItsOwn = (state: State, { configured }: Process): boolean => configured !== 0 && state.revoked.get(1) !== 0

/** Those that must recover and cannot. Ways lead mostly to later states: backwards, few rounds find them all. */
function statesWithoutWay({ targets, firstEdge }: Search, judgements: Uint8Array): number[] {
  const hasWay = new Uint8Array(judgements.length)
  let found = true
  while (found) {
    found = false
    for (let id = judgements.length - 1; id >= 0; id--) {
      if (hasWay[id] !== 0) continue
      if (judgements[id] !== Judgement.recovered && !leadsToWay(id)) continue
      hasWay[id] = 1
      found = true
    }
  }
  const stuck: number[] = []
  judgements.forEach((judgement, id) => {
    if (judgement === Judgement.mustRecover && hasWay[id] === 0) stuck.push(id)
  })
  return stuck

  function leadsToWay(id: number): boolean {
    const end = id + 1 < firstEdge.length ? firstEdge.at(id + 1) : targets.length
    for (let edge = firstEdge.at(id); edge < end; edge++) if (hasWay[targets.at(edge)] !== 0) return true
    return false
  }
}
