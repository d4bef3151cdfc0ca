import type { Process } from "../state.js"
import { After, NOTHING, Phase, Presentation, Purpose, Request } from "../vocabulary.js"

/** Ends what the process was about. */
export function finish(process: Process, after: number): void {
  forgetAttempt(process)
  process.subject = 0
  process.claimNumber = 0
  if (after === After.restart) forgetToken(process)
  process.phase = after === After.reauthentication ? Phase.reauthentication : Phase.idle
  if (after === After.look) look(process, Purpose.renew)
}

/** The claim is removed next, file by file. */
export function startRelease(process: Process, after: number): void {
  forgetAttempt(process)
  process.phase = Phase.releasing
  process.after = after
}

/** Like {@link startRelease}, with something durable behind it: then the claims of the dead may go, too. */
export function startReleaseOfAll(process: Process): void {
  startRelease(process, After.idle)
  process.committed = 1
}

export function look(process: Process, purpose: number): void {
  process.phase = Phase.reading
  process.purpose = purpose
}

export function adopt(process: Process, generation: number, record: number): void {
  process.heldGeneration = generation
  process.heldRecord = record
  process.heldUnwritten = 0
}

export function adoptIfNewer(process: Process, generation: number, record: number): void {
  if (process.heldRecord === NOTHING || generation > process.heldGeneration) adopt(process, generation, record)
}

export function forgetToken(process: Process): void {
  adopt(process, 0, NOTHING)
}

export function forgetRead(process: Process): void {
  process.readGeneration = 0
  process.readRecord = NOTHING
}

function forgetAttempt(process: Process): void {
  forgetRead(process)
  process.purpose = Purpose.renew
  process.presentation = Presentation.first
  process.plannedGeneration = 0
  process.answer = NOTHING
  process.request = Request.none
  process.paused = 0
  process.after = After.idle
  process.removed = 0
  process.found = NOTHING
  process.committed = 0
  process.hasSent = 0
}
