import type { ModelOptions, Readings } from "./options.js"
import type { State } from "./state.js"
import { NOTHING } from "./vocabulary.js"

/**
 * What is stored, and in which files. A commit links `gen-<n+1>` exclusively, then writes the store:
 *
 * - `moved`: renames `gen-<n+1>` over the store;
 * - `copied`: renames a copy over the store, then removes `gen-<n+1>`;
 * - `kept`: the same, and removes nothing;
 * - `previous-removed`: the same, and removes `gen-<n>`;
 * - `highest-wins`: the record is the highest of store and generations; looks for a higher one after linking; removes
 *   the lower ones.
 */
export type Generations = Readings["generations"]

export const removesGenerations = (generations: Generations): boolean =>
  generations === "copied" || generations === "previous-removed" || generations === "highest-wins"

/** The generation that a reader finds who completes all that is unfinished. Its record: {@link recordAt}. */
export function effectiveGeneration(state: State, { generations }: ModelOptions): number {
  const stored = state.storeRecord === NOTHING ? -1 : state.storeGeneration
  if (generations === "highest-wins") {
    for (let n = state.dimensions.highestGeneration; n > Math.max(stored, 0); n--) {
      if (state.generations.get(n) !== NOTHING) return n
    }
    return Math.max(stored, 0)
  }
  if (stored === -1) return 0
  let last = stored
  while (state.generations.get(last + 1) !== NOTHING) last++
  return last
}

/** The record of an effective generation. */
export function recordAt(state: State, generation: number): number {
  if (state.storeRecord !== NOTHING && state.storeGeneration === generation) return state.storeRecord
  return generation === 0 ? NOTHING : state.generations.get(generation)
}

export function hasHigherGeneration(state: State, generation: number): boolean {
  if (state.storeGeneration >= generation) return true
  for (let n = generation + 1; n <= state.dimensions.highestGeneration; n++) {
    if (state.generations.get(n) !== NOTHING) return true
  }
  return false
}

/** Writes the store from what was linked as `gen-<generation>`. */
export function renameOverStore(state: State, generation: number, record: number, options: ModelOptions): void {
  if (options.generations !== "moved") return setStore(state, generation, record)
  moveOverStore(state, generation)
}

/** Another process does the same for a generation that it has found. */
export function completeRename(state: State, generation: number, found: number, { generations }: ModelOptions): void {
  if (generations === "moved" || generations === "copied") return moveOverStore(state, generation)
  setStore(state, generation, found)
}

export function removeOldGenerations(state: State, generation: number, { generations }: ModelOptions): void {
  if (generations === "copied") state.generations.set(generation, NOTHING)
  if (generations === "previous-removed" && generation > 1) state.generations.set(generation - 1, NOTHING)
  if (generations !== "highest-wins") return
  for (let n = 1; n < generation; n++) state.generations.set(n, NOTHING)
}

export function setStore(state: State, generation: number, record: number): void {
  state.storeGeneration = generation
  state.storeRecord = record
}

function moveOverStore(state: State, generation: number): void {
  const record = state.generations.get(generation)
  if (record === NOTHING) return
  setStore(state, generation, record)
  state.generations.set(generation, NOTHING)
}
