import type { State } from "./state.js"
import { Owner } from "./vocabulary.js"

/**
 * Reorders the processes of `state` by their bytes, and renames the owners of claims with them: of the states that
 * differ only by the names of processes, one stands for all.
 *
 * @returns by new place, the old one; undefined: nothing had to be moved.
 */
export function sortProcesses(state: State): readonly number[] | undefined {
  const { processBase: base, processLength: length } = state
  const bytes = new Uint8Array(state.words.buffer)
  const blocks = state.processes.map(({ index }) => bytes.slice(base + index * length, base + (index + 1) * length))
  const order = state.processes.map(({ index }) => index)
  order.sort((a, b) => compareBlocks(blocks, a, b) || a - b)
  if (order.every((old, place) => old === place)) return undefined
  order.forEach((old, place) => bytes.set(blocks[old] ?? [], base + place * length))
  renameOwners(state, order)
  return order
}

function renameOwners(state: State, order: readonly number[]): void {
  const { subjects, claimNumbers } = state.dimensions
  for (let subject = 0; subject < subjects; subject++) {
    for (let n = 0; n < claimNumbers; n++) {
      const owner = state.owners.get(subject, n)
      if (owner < Owner.firstProcess || owner >= Owner.rewriter) continue
      state.owners.set(subject, n, Owner.firstProcess + order.indexOf(owner - Owner.firstProcess))
    }
  }
}

function compareBlocks(blocks: readonly Uint8Array[], a: number, b: number): number {
  return Buffer.compare(blocks[a] ?? new Uint8Array(), blocks[b] ?? new Uint8Array())
}
