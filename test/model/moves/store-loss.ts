import type { Expansion } from "../expansion.js"
import { effectiveGeneration, recordAt, setStore } from "../generations.js"
import type { Process, State } from "../state.js"
import { After, isSignedOut, Mark, NOTHING, Owner, PersonPhase, Phase, Purpose, recordOf } from "../vocabulary.js"
import { finish } from "./transitions.js"

/** The claims stay. */
export function deleteStore(x: Expansion): void {
  if (x.from.deletions === 0 || x.from.storeRecord === NOTHING) return
  const next = x.successor()
  next.deletions--
  setStore(next, 0, NOTHING)
  next.storeDeleted = 1
  x.emit(next, undefined, "store-deleted", "somebody deletes the store file")
}

const COMMITTING: readonly number[] = [Phase.checkingLink, Phase.renaming, Phase.cleaning]
const PERSON_COMMITTING: readonly number[] = [PersonPhase.checking, PersonPhase.renaming, PersonPhase.cleaning]

/**
 * Nothing stays. Not while files are being renamed: what loses everything is a server, where a commit is one step. Of who
 * has nothing in memory no client can keep the first refresh token: so all have.
 */
export function wipeStore(x: Expansion): void {
  const { wipes, processes, dimensions } = x.from
  const isExcluded = (me: Process) => me.heldRecord === NOTHING || isCommitting(me)
  const isRewriting = PERSON_COMMITTING.includes(x.from.personPhase.get(2))
  if (wipes === 0 || isRewriting || processes.some(isExcluded)) return
  const next = x.successor()
  next.wipes--
  setStore(next, 0, NOTHING)
  next.storeDeleted = 1
  for (let n = 0; n <= dimensions.highestGeneration; n++) next.generations.set(n, NOTHING)
  for (let subject = 0; subject < dimensions.subjects; subject++) {
    next.tombstones.set(subject, 0)
    for (let n = 0; n < dimensions.claimNumbers; n++) {
      next.owners.set(subject, n, Owner.none)
      next.marks.set(subject, n, Mark.none)
    }
  }
  x.emit(next, undefined, "store-deleted", "the store loses all it has, and the claims with it")
}

// a refusal and what is read then are one step, too
function isCommitting({ phase, purpose }: Process): boolean {
  return COMMITTING.includes(phase) || (phase === Phase.reading && purpose === Purpose.adoptAfterRefusal)
}

export function meetEmptyStore(x: Expansion, next: State, me: Process): void {
  if (isSignedOut(me.heldRecord)) {
    finish(me, After.idle)
    return x.emit(next, me, "looked", "empty, and signed out")
  }
  putBack(x, next, me, me.heldRecord === NOTHING ? "empty: the configured token" : "empty: will refill")
}

/** What is there is older than what it holds, or nothing. */
export function putBack(x: Expansion, next: State, me: Process, detail: string): void {
  me.phase = Phase.refilling
  x.emit(next, me, "looked", detail)
}

/** Puts back what it holds, or the configured token, unless something newer is there by now. */
export function refill(x: Expansion, next: State, me: Process): void {
  const generation = effectiveGeneration(next, x.options)
  const isEmpty = recordAt(next, generation) === NOTHING
  const isOlder = me.heldRecord !== NOTHING && generation < me.heldGeneration
  // what it could not write, no other process knows; what it was configured with, it cannot tell from a first start
  const mayBeInUse = me.heldRecord !== NOTHING && me.heldUnwritten === 0
  if (mayBeInUse && (isOlder || isEmpty)) next.storeRestored = 1
  if (isOlder) setStore(next, me.heldGeneration, me.heldRecord)
  else if (isEmpty) setStore(next, me.heldGeneration, me.heldRecord || recordOf(0))
  finish(me, After.look)
  x.emit(next, me, "refilled", "refills the store")
}

/** Whether a request for the subject may be under way, or about to be sent: not any more after a request timeout. */
export function isRequestAbout(state: State, me: Process): boolean {
  return state.processes.some(
    ({ index, alive, subject, phase }) =>
      index !== me.index && alive !== 0 && subject === me.subject && ABOUT.includes(phase),
  )
}

const ABOUT: readonly number[] = [Phase.sending, Phase.waiting, Phase.linking, Phase.checkingLink, Phase.renaming]
