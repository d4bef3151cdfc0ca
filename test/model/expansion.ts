import { effectiveGeneration, recordAt } from "./generations.js"
import type { ModelStep } from "./model-step.js"
import type { ModelOptions } from "./options.js"
import { type Process, State, type Dimensions } from "./state.js"
import { hasToken, isSignedOut, NOTHING, presentationName, SIGNED_OUT, tokenOf } from "./vocabulary.js"

/** Who is told of the edges that lead out of a state, in an order that is always the same. */
export interface EdgeListener {
  /** `next` is only lent, and may be changed. A violated edge leads nowhere: what follows would be more of the same. */
  reached(next: State, step: ModelStep, violated: boolean): void
  violated(rule: string, step: ModelStep): void
  /** Beyond the numbers that the model has room for. */
  overflowed(): void
  /** Something that no client can prevent. */
  suffered(what: string): void
}

/** The moves out of one state: makes successors, checks what holds across an edge, and hands them on. */
export class Expansion {
  readonly options: ModelOptions
  readonly isSingleUse: boolean
  readonly from: State
  readonly listener: EdgeListener
  readonly #successors: readonly State[]
  #used = 0
  #generationBefore = 0
  #recordBefore = 0

  constructor(options: ModelOptions, dimensions: Dimensions, listener: EdgeListener) {
    this.options = options
    this.isSingleUse = options.grant === "single-use"
    this.listener = listener
    this.from = new State(dimensions)
    // successors are handed on one after the other: a few that take turns spare an allocation an edge
    this.#successors = Array.from({ length: 4 }, () => new State(dimensions))
  }

  /** To be called once {@link from} was changed. */
  begin(): void {
    this.#generationBefore = effectiveGeneration(this.from, this.options)
    this.#recordBefore = recordAt(this.from, this.#generationBefore)
  }

  /** A copy of {@link from}, or of `state`, to be changed and emitted (the last thing done to it) before three more are taken. */
  successor(state: State = this.from): State {
    const next = this.#successors[this.#used++ % this.#successors.length]
    if (next === undefined) throw new RangeError("no successor")
    next.copyFrom(state)
    return next
  }

  emit(next: State, process: Process | undefined, step: ModelStep["step"], detail: string): void {
    const move = stepOf(process, step, detail)
    const violated = this.#checkStore(next, move) || this.#checkProcesses(next, move)
    this.listener.reached(next, move, violated)
  }

  /** A move that breaks a rule of its own. */
  emitViolation(rule: string, next: State, process: Process, step: ModelStep["step"], detail: string): void {
    const move = stepOf(process, step, detail)
    this.listener.violated(rule, move)
    this.listener.reached(next, move, true)
  }

  /** Reports a violation of the move about to be emitted, and goes on. */
  report(rule: string, process: Process, step: ModelStep["step"], detail: string): void {
    this.listener.violated(rule, stepOf(process, step, detail))
  }

  nameOf(subject: number): string {
    const { tokensPerFamily } = this.from.dimensions
    return subject < tokensPerFamily ? `rt${subject}` : `new-rt${subject - tokensPerFamily}`
  }

  #checkStore(next: State, move: ModelStep): boolean {
    if (next.storeDeleted !== this.from.storeDeleted) return false
    const generation = effectiveGeneration(next, this.options)
    const rule = this.#brokenByStore(next, generation, recordAt(next, generation))
    if (rule !== undefined) this.listener.violated(rule, move)
    return rule !== undefined
  }

  #brokenByStore(next: State, generation: number, record: number): string | undefined {
    const before = this.#recordBefore
    const generationBefore = this.#generationBefore
    if (generation < generationBefore || (before !== NOTHING && record === NOTHING)) {
      return "I2: version in the store goes back"
    }
    if (generation === generationBefore && record !== before && before !== NOTHING) {
      return "I2: same version, other content (lost write)"
    }
    if (!this.isSingleUse || record === before) return undefined
    const isSignIn = before === SIGNED_OUT && next.knowsNewLineage(record)
    if (isSignedOut(before) && hasToken(record) && !isSignIn) return "I2: signed out, then a late writer brings it back"
    const isOfNewFamily = hasToken(before) && next.familyOf(tokenOf(before)) === 1
    const isOfOldFamily = hasToken(record) && next.familyOf(tokenOf(record)) === 0
    return isOfNewFamily && isOfOldFamily
      ? "I7: signed in anew, then a late writer brings the old lineage back"
      : undefined
  }

  #checkProcesses(next: State, move: ModelStep): boolean {
    let violated = false
    const durable = effectiveGeneration(next, this.options)
    for (const process of next.processes) {
      const before = this.from.process(process.index)
      if (process.alive === 0 || process.heldRecord === NOTHING) continue
      const { heldGeneration } = process
      if (before.alive !== 0 && before.heldRecord !== NOTHING && heldGeneration < before.heldGeneration) {
        this.listener.violated("I3: process goes back to an older token", move)
        violated = true
      }
      const isUnwritten = heldGeneration > durable && heldGeneration !== before.heldGeneration
      if (isUnwritten && process.heldUnwritten === 0 && next.storeDeleted === 0) {
        this.listener.violated("I2: serves a token that is not durable", move)
        violated = true
      }
    }
    return violated
  }
}

function stepOf(process: Process | undefined, step: ModelStep["step"], detail: string): ModelStep {
  if (process === undefined) return { process: undefined, step, detail }
  const presentation = step === "sending" ? presentationName(process.presentation) : undefined
  return { process: process.index + 1, step, presentation, detail }
}
