import type { Expansion } from "../expansion.js"
import { effectiveGeneration, setStore } from "../generations.js"
import type { Process, State } from "../state.js"
import { After, isSignedOut, Mark, NOTHING, Owner, Phase, recordOf } from "../vocabulary.js"
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

/**
 * Nothing stays. Not while files are being renamed: what loses everything is a server, where a commit is one step. Of who
 * has nothing in memory no client can keep the first refresh token: so all have.
 */
export function wipeStore(x: Expansion): void {
  const { wipes, processes, dimensions } = x.from
  const isExcluded = ({ heldRecord, phase }: Process) => heldRecord === NOTHING || COMMITTING.includes(phase)
  if (wipes === 0 || processes.some(isExcluded)) return
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
  const isOlder = me.heldRecord !== NOTHING && effectiveGeneration(next, x.options) < me.heldGeneration
  // what it could not write, no other process knows; what it was configured with, it cannot tell from a first start
  const mayBeInUse = me.heldRecord !== NOTHING && me.heldUnwritten === 0
  if (mayBeInUse && (isOlder || next.storeRecord === NOTHING)) next.storeRestored = 1
  if (isOlder) setStore(next, me.heldGeneration, me.heldRecord)
  else if (next.storeRecord === NOTHING) setStore(next, me.heldGeneration, me.heldRecord || recordOf(0))
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
