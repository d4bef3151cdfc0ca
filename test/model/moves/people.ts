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
import { hasToken, NOTHING, PersonPhase, recordOf, SIGNED_OUT, tokenOf } from "../vocabulary.js"

/** Somebody who writes the store by another program: a person who signs out, or one who signs in anew. */
interface Person {
  readonly index: number
  readonly step: ModelStep["step"]
  readonly record: number
}

export function movePeople(x: Expansion): void {
  movePerson(x, { index: 0, step: "signing-out", record: SIGNED_OUT })
  const { tokensPerFamily } = x.from.dimensions
  movePerson(x, { index: 1, step: "signing-in", record: recordOf(tokensPerFamily) })
}

function movePerson(x: Expansion, person: Person): void {
  const phase = x.from.personPhase.get(person.index)
  if (phase === PersonPhase.done || phase === PersonPhase.finished) return
  const next = x.successor()
  if (phase === PersonPhase.reading) read(x, next, person)
  else if (phase === PersonPhase.linking) link(x, next, person)
  else if (phase === PersonPhase.checking) check(x, next, person)
  else if (phase === PersonPhase.renaming) rename(x, next, person)
  else clean(x, next, person)
}

function read(x: Expansion, next: State, { index, step, record }: Person): void {
  const generation = effectiveGeneration(next, x.options)
  // there is nothing to sign out of
  if (record === SIGNED_OUT && recordAt(next, generation) === NOTHING) return
  next.personRead.set(index, generation)
  if (
    x.options.refusedSignIn === "looked-at" &&
    record !== SIGNED_OUT &&
    isOfNewFamily(next, recordAt(next, generation))
  ) {
    next.personPhase.set(index, PersonPhase.finished)
    return x.emit(next, undefined, step, `finds its own lineage in v${generation}`)
  }
  next.personPhase.set(index, PersonPhase.linking)
  x.emit(next, undefined, step, `reads v${generation}`)
}

function link(x: Expansion, next: State, { index, step, record }: Person): void {
  const generation = next.personRead.get(index) + 1
  const isRefused = next.generations.get(generation) !== NOTHING
  if (!isRefused) next.generations.set(generation, record)
  const checks = x.options.generations === "highest-wins"
  const done = checks ? PersonPhase.checking : PersonPhase.renaming
  next.personPhase.set(index, isRefused ? PersonPhase.reading : done)
  x.emit(next, undefined, step, isRefused ? `gen-${generation} is there already` : `links gen-${generation}`)
}

function check(x: Expansion, next: State, { index, step }: Person): void {
  const generation = next.personRead.get(index) + 1
  const isRefused = hasHigherGeneration(next, generation)
  if (isRefused) next.generations.set(generation, NOTHING)
  next.personPhase.set(index, isRefused ? PersonPhase.reading : PersonPhase.renaming)
  x.emit(next, undefined, step, isRefused ? "a higher gen exists: refused" : "no higher gen")
}

function rename(x: Expansion, next: State, { index, step, record }: Person): void {
  const generation = next.personRead.get(index) + 1
  renameOverStore(next, generation, record, x.options)
  const cleans = removesGenerations(x.options.generations)
  next.personPhase.set(index, cleans ? PersonPhase.cleaning : PersonPhase.finished)
  x.emit(next, undefined, step, `renames v${generation} over the store`)
}

function clean(x: Expansion, next: State, { index, step }: Person): void {
  removeOldGenerations(next, next.personRead.get(index) + 1, x.options)
  next.personPhase.set(index, PersonPhase.finished)
  x.emit(next, undefined, step, "removes the generations that are not needed")
}

const isOfNewFamily = (state: State, record: number): boolean =>
  hasToken(record) && state.familyOf(tokenOf(record)) === 1
