import type { Expansion } from "../expansion.js"
import { hasHigherGeneration, removeOldGenerations, removesGenerations, renameOverStore } from "../generations.js"
import type { Process, State } from "../state.js"
import { isSignedOut, NOTHING, Phase, Purpose, tokenOf } from "../vocabulary.js"
import { beginsLineage } from "./outcome.js"
import { adopt, look, startReleaseOfAll } from "./transitions.js"

/** Links the generation that follows the planned one, exclusively. */
export function link(x: Expansion, next: State, me: Process): void {
  const generation = me.plannedGeneration + 1
  if (next.failedWrites > 0) failToWrite(x, x.successor(), me.index)
  if (generation > next.dimensions.highestGeneration) return x.listener.overflowed()
  if (next.generations.get(generation) !== NOTHING)
    return meetRefusal(x, next, me, `gen-${generation} is there already`)
  next.generations.set(generation, me.answer)
  next.storeRestored = 0
  me.phase = x.options.generations === "highest-wins" ? Phase.checkingLink : Phase.renaming
  x.emit(next, me, "linked", `links gen-${generation} (${recordName(x, me.answer)})`)
}

/** A link of a number that others have long passed and removed is no commit. */
export function checkLink(x: Expansion, next: State, me: Process): void {
  const generation = me.plannedGeneration + 1
  if (hasHigherGeneration(next, generation)) {
    if (next.generations.get(generation) === me.answer) next.generations.set(generation, NOTHING)
    return meetRefusal(x, next, me, "a higher gen exists: refused")
  }
  me.phase = Phase.renaming
  x.emit(next, me, "checked", "no higher gen")
}

export function rename(x: Expansion, next: State, me: Process): void {
  const generation = me.plannedGeneration + 1
  renameOverStore(next, generation, me.answer, x.options)
  me.heldUnwritten = 0
  if (me.heldRecord === NOTHING || generation >= me.heldGeneration) adopt(me, generation, me.answer)
  if (removesGenerations(x.options.generations)) me.phase = Phase.cleaning
  else startReleaseOfAll(me)
  x.emit(next, me, "committed", `renames v${generation} over the store`)
}

export function clean(x: Expansion, next: State, me: Process): void {
  removeOldGenerations(next, me.plannedGeneration + 1, x.options)
  startReleaseOfAll(me)
  x.emit(next, me, "removed", "removes the generations that are not needed")
}

function meetRefusal(x: Expansion, next: State, me: Process, detail: string): void {
  const isRepeated = x.options.repetition === "looks-first" && me.heldUnwritten !== 0
  look(me, isRepeated ? Purpose.repeatWrite : Purpose.adoptAfterRefusal)
  if (!beginsLineage(next, me.subject) && x.options.rewrite === "none") me.answer = NOTHING
  x.emit(next, me, "checked", detail)
}

/** The token is served from memory, and the write tried again. */
function failToWrite(x: Expansion, next: State, index: number): void {
  const me = next.process(index)
  next.failedWrites--
  const isAfterMemory = x.options.unwrittenGeneration === "after-memory"
  const generation = (isAfterMemory ? me.heldGeneration : me.plannedGeneration) + 1
  if (x.options.repetition === "blind" || generation > me.heldGeneration) {
    adopt(me, generation, me.answer)
    me.heldUnwritten = 1
  }
  if (x.options.repetition === "looks-first") look(me, Purpose.repeatWrite)
  x.emit(next, me, "write-failed", "the write fails: serves from memory")
}

function recordName(x: Expansion, record: number): string {
  if (isSignedOut(record)) return "a sign-out"
  return x.isSingleUse ? x.nameOf(tokenOf(record)) : `${record}`
}
