import type { Expansion } from "../expansion.js"
import {
  effectiveGeneration,
  hasHigherGeneration,
  recordAt,
  removeOldGenerations,
  removesGenerations,
  renameOverStore,
} from "../generations.js"
import type { ModelStep } from "../model-step.js"
import type { State } from "../state.js"
import { NOTHING, PersonPhase, recordOf, SIGNED_OUT, SIGNED_OUT_OF_BOTH } from "../vocabulary.js"
import { lapse, REWRITING } from "./rewrite.js"

/**
 * Somebody who writes the store by another program: a person who signs out, one who signs in anew, or who rewrites the record
 * (`rewrite.ts`).
 */
interface Person {
  readonly index: number
  readonly step: ModelStep["step"]
  /** Where it goes on if its write is refused, and once it is done. */
  readonly refused: number
  readonly done: number
}

export function movePeople(x: Expansion): void {
  const { reading, finished, releasing } = PersonPhase
  movePerson(x, { index: 0, step: "signing-out", refused: reading, done: finished })
  movePerson(x, { index: 1, step: "signing-in", refused: reading, done: finished })
  movePerson(x, { index: 2, step: "rewriting", refused: releasing, done: releasing })
}

function movePerson(x: Expansion, person: Person): void {
  const phase = x.from.personPhase.get(person.index)
  if (phase === PersonPhase.done || phase === PersonPhase.finished) return
  if (person.index === 2) lapse(x)
  const next = x.successor()
  if (person.index === 2 && REWRITING[phase] !== undefined) REWRITING[phase](x, next)
  else if (phase === PersonPhase.reading) read(x, next, person)
  else if (phase === PersonPhase.linking) link(x, next, person)
  else if (phase === PersonPhase.checking) check(x, next, person)
  else if (phase === PersonPhase.renaming) rename(x, next, person)
  else clean(x, next, person)
}

function read(x: Expansion, next: State, { index, step }: Person): void {
  const generation = effectiveGeneration(next, x.options)
  const found = recordAt(next, generation)
  const signsOut = step === "signing-out"
  // there is nothing to sign out of
  if (signsOut && found === NOTHING) return
  next.personRead.set(index, generation)
  const mark = next.knowsNewLineage(found) ? SIGNED_OUT_OF_BOTH : SIGNED_OUT
  next.personRecord.set(index, signsOut ? mark : recordOf(next.dimensions.tokensPerFamily))
  if (x.options.refusedSignIn === "looked-at" && !signsOut && next.knowsNewLineage(found)) {
    next.personPhase.set(index, PersonPhase.finished)
    return x.emit(next, undefined, step, `finds its own lineage in v${generation}`)
  }
  next.personPhase.set(index, PersonPhase.linking)
  x.emit(next, undefined, step, `reads v${generation}`)
}

function link(x: Expansion, next: State, { index, step, refused }: Person): void {
  const generation = next.personRead.get(index) + 1
  if (generation > next.dimensions.highestGeneration) return x.listener.overflowed()
  const isLost = recordAt(next, effectiveGeneration(next, x.options)) === NOTHING
  const isRefused = isLost || next.generations.get(generation) !== NOTHING
  if (!isRefused) next.generations.set(generation, next.personRecord.get(index))
  if (!isRefused && index === 2) next.storeRestored = next.rewritesRestored
  const checks = x.options.generations === "highest-wins"
  const done = checks ? PersonPhase.checking : PersonPhase.renaming
  next.personPhase.set(index, isRefused ? refused : done)
  const why = isLost ? "what it has read is gone" : `gen-${generation} is there already`
  x.emit(next, undefined, step, isRefused ? why : `links gen-${generation}`)
}

function check(x: Expansion, next: State, { index, step, refused }: Person): void {
  const generation = next.personRead.get(index) + 1
  const isRefused = hasHigherGeneration(next, generation)
  if (isRefused) next.generations.set(generation, NOTHING)
  next.personPhase.set(index, isRefused ? refused : PersonPhase.renaming)
  x.emit(next, undefined, step, isRefused ? "a higher gen exists: refused" : "no higher gen")
}

function rename(x: Expansion, next: State, { index, step, done }: Person): void {
  const generation = next.personRead.get(index) + 1
  renameOverStore(next, generation, next.personRecord.get(index), x.options)
  const cleans = removesGenerations(x.options.generations)
  next.personPhase.set(index, cleans ? PersonPhase.cleaning : done)
  x.emit(next, undefined, step, `renames v${generation} over the store`)
}

function clean(x: Expansion, next: State, { index, step, done }: Person): void {
  removeOldGenerations(next, next.personRead.get(index) + 1, x.options)
  next.personPhase.set(index, done)
  x.emit(next, undefined, step, "removes the generations that are not needed")
}
