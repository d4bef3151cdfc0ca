import type { Expansion } from "../expansion.js"
import { completeRename, effectiveGeneration, recordAt } from "../generations.js"
import type { Process, State } from "../state.js"
import { hasToken, NOTHING, Phase, Purpose, tokenOf } from "../vocabulary.js"
import { concludeConfirmation, concludeLook } from "./look.js"
import { concludeRefusedGrant, concludeRefusedWrite } from "./outcome.js"
import { concludeRepeatedRequest, concludeRepeatedWrite } from "./repeat.js"
import { forgetRead } from "./transitions.js"

/** A process that has nothing to do begins a renewal, unless it has seen all that the model is about. */
export function begin(x: Expansion, next: State, me: Process): void {
  const isFinished = hasToken(me.heldRecord) ? isLastToken(x, next, me) : me.heldRecord !== NOTHING
  if (isFinished && !mayBecomeDue(x, next, me)) return
  me.phase = Phase.reading
  me.purpose = Purpose.renew
  x.emit(next, me, "begun", "begins")
}

export function watch(x: Expansion, next: State, me: Process): void {
  me.phase = Phase.reading
  me.purpose = Purpose.renew
  x.emit(next, me, "begun", "watches the store")
}

/** Reads the store. Where the highest generation wins, that is one step; else it looks for an unfinished rename. */
export function read(x: Expansion, next: State, me: Process): void {
  if (x.options.generations === "highest-wins") {
    me.readGeneration = effectiveGeneration(next, x.options)
    me.readRecord = recordAt(next, me.readGeneration)
    return conclude(x, next, me)
  }
  me.readGeneration = next.storeGeneration
  me.readRecord = next.storeRecord
  me.phase = Phase.seekingNextGeneration
  x.emit(next, me, "read", `reads v${me.readGeneration}`)
}

export function seekNextGeneration(x: Expansion, next: State, me: Process): void {
  const generation = me.readGeneration + 1
  const found = next.generations.get(generation)
  if (me.readRecord === NOTHING || found === NOTHING) return conclude(x, next, me)
  me.phase = Phase.completingRename
  me.found = found
  x.emit(next, me, "read", `finds gen-${generation}`)
}

export function completeFoundRename(x: Expansion, next: State, me: Process): void {
  const generation = me.readGeneration + 1
  completeRename(next, generation, me.found, x.options)
  me.found = NOTHING
  forgetRead(me)
  me.phase = Phase.reading
  x.emit(next, me, "rename-completed", `completes the rename of gen-${generation}`)
}

function conclude(x: Expansion, next: State, me: Process): void {
  if (me.purpose === Purpose.renew) concludeLook(x, next, me)
  else if (me.purpose === Purpose.confirm) concludeConfirmation(x, next, me)
  else if (me.purpose === Purpose.adoptAfterRefusal) concludeRefusedWrite(x, next, me)
  else if (me.purpose === Purpose.judgeRefusedGrant) concludeRefusedGrant(x, next, me)
  else if (me.purpose === Purpose.repeatRequest) concludeRepeatedRequest(x, next, me)
  else concludeRepeatedWrite(x, next, me)
}

function isLastToken(x: Expansion, next: State, me: Process): boolean {
  if (!x.isSingleUse) return me.heldGeneration >= x.options.rotations
  return tokenOf(me.heldRecord) % next.dimensions.tokensPerFamily >= x.options.rotations
}

/** With a sign-in about, the store may yet hold something newer, or the process may have a new token of its own. */
function mayBecomeDue(x: Expansion, next: State, me: Process): boolean {
  if (x.options.signIn === "none") return false
  if (effectiveGeneration(next, x.options) > me.heldGeneration) return true
  return me.configured !== 0 && me.heldRecord !== NOTHING && !next.knowsNewLineage(me.heldRecord)
}
