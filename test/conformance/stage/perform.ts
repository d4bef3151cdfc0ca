import { inspect } from "node:util"
import { toMs } from "../format/duration.js"
import type { OperationStep } from "../format/outcome.js"
import type { Step, StepOf } from "../format/step.js"
import { act } from "./act.js"
import { endingMismatches, type Mismatch } from "./ending.js"
import { mismatchesOf } from "./observe.js"
import type { Operation } from "./operation.js"
import { USUAL_PATIENCE_MS, type Stage } from "./stage.js"

/**
 * Does what one step says.
 * @returns what is not as the step expects it.
 * @throws Error for a step that makes no sense at this point.
 */
export async function perform(step: Step, stage: Stage): Promise<readonly Mismatch[]> {
  if ("expect" in step) return mismatchesOf(step.expect, stage)
  if ("read" in step) return read(step, stage)
  if ("start" in step)
    return operate(
      stage,
      step,
      stage.begin(step.start, () => stage.process(step.start).start()),
    )
  if ("getToken" in step) return getToken(step, stage)
  if ("renew" in step)
    return operate(
      stage,
      step,
      stage.begin(step.renew, () => refresh(step.renew, stage), step.times),
    )
  if ("signOut" in step)
    return operate(
      stage,
      step,
      stage.begin(step.signOut, () => signOut(step.signOut, stage)),
    )
  if ("close" in step)
    return operate(
      stage,
      step,
      stage.begin(step.close, () => stage.process(step.close).close()),
    )
  if ("await" in step) return finish(stage, step, begun(step.await, stage))
  if ("cancel" in step) begun(step.cancel, stage).cancel()
  else await act(step, stage)
  await stage.clock.advance(0)
  return []
}

function read({ read: name, ...expected }: StepOf<"read">, stage: Stage): readonly Mismatch[] {
  const { watcher } = stage.process(name)
  if (watcher === undefined) throw new Error(`"${name}" has no watcher to read from: start it first`)
  try {
    const token = watcher.current()
    stage.note(token)
    return endingMismatches({ token }, expected)
  } catch (error) {
    stage.show(inspect(error, { depth: Infinity, showHidden: true }))
    return endingMismatches({ error }, expected)
  }
}

function getToken(step: StepOf<"getToken">, stage: Stage): Promise<readonly Mismatch[]> {
  const { getToken: name, newerThan, minimumValidity, patience } = step
  const request = {
    ...(newerThan !== undefined && { newerThan: stage.token(newerThan) }),
    ...(minimumValidity !== undefined && { minimumValidityMs: toMs(minimumValidity) }),
  }
  const call = (signal: AbortSignal) => stage.process(name).tokens.getToken({ ...request, signal })
  const operation = stage.begin(name, call, step.times)
  if (patience !== undefined) stage.clock.setTimer(operation.cancel, toMs(patience))
  return operate(stage, step, operation)
}

async function refresh(name: string, stage: Stage): Promise<unknown> {
  const { watcher } = stage.process(name)
  if (watcher === undefined) throw new Error(`"${name}" has no watcher to renew: start it first`)
  return watcher.refresh()
}

async function signOut(name: string, stage: Stage): Promise<void> {
  const { watcher, tokens } = stage.process(name)
  await (watcher ?? tokens).signOut?.()
}

async function operate(stage: Stage, step: OperationStep, operation: Operation): Promise<readonly Mismatch[]> {
  if (step.as === undefined) return finish(stage, step, operation)
  stage.operations.set(step.as, operation)
  await stage.clock.advance(0)
  return []
}

async function finish(stage: Stage, expected: OperationStep, operation: Operation): Promise<readonly Mismatch[]> {
  await stage.waitFor(operation, expected.within === undefined ? USUAL_PATIENCE_MS : toMs(expected.within))
  for (const ending of operation.endings) {
    if (ending?.token !== undefined) stage.note(ending.token)
    if (ending?.error !== undefined) stage.show(inspect(ending.error, { depth: Infinity, showHidden: true }))
  }
  const mismatches = operation.endings.map((ending) => endingMismatches(ending, expected))
  return mismatches.find((each) => each.length > 0) ?? []
}

function begun(name: string, stage: Stage): Operation {
  const operation = stage.operations.get(name)
  if (operation === undefined) throw new Error(`nothing was begun as "${name}"`)
  return operation
}
