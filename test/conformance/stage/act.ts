import { toMs } from "../format/duration.js"
import type { Step, StepOf } from "../format/step.js"
import { writeFromOutside } from "./outside-writer.js"
import type { Stage } from "./stage.js"

/** What changes the world, and has no outcome of its own. */
export type Action = Exclude<
  Step,
  | StepOf<"expect">
  | StepOf<"read">
  | StepOf<"start">
  | StepOf<"getToken">
  | StepOf<"renew">
  | StepOf<"signOut">
  | StepOf<"close">
  | StepOf<"await">
  | StepOf<"cancel">
>

/** @throws Error for what makes no sense at this point. */
export async function act(step: Action, stage: Stage): Promise<void> {
  if ("invalidate" in step) return void invalidate(step, stage)
  if ("kill" in step) return atStep(stage, step.kill, step.at, () => stage.process(step.kill).kill())
  if ("freeze" in step) return atStep(stage, step.freeze, step.at, () => stage.process(step.freeze).life.freeze())
  if ("thaw" in step) return void stage.process(step.thaw).life.thaw()
  if ("restart" in step) return stage.restart(step.restart)
  if ("signIn" in step) return stage.signIn(step.signIn)
  if ("advance" in step) return stage.clock.advance(toMs(step.advance))
  if ("stepClock" in step) return void stage.clock.stepWall(toMs(step.stepClock))
  if ("sleep" in step) return void sleep(toMs(step.sleep), stage)
  if ("issuer" in step) return void instruct(step, stage)
  if ("write" in step) return writeFromOutside(step.write, stage)
  return befall(step, stage)
}

function sleep(ms: number, { clock, issuer }: Stage): void {
  clock.suspend(ms)
  issuer.noteSleep(ms)
}

function invalidate({ invalidate: name, token: tokenName, times = 1 }: StepOf<"invalidate">, stage: Stage): void {
  const { watcher, life } = stage.process(name)
  if (watcher === undefined) throw new Error(`"${name}" has no watcher that could be told: start it first`)
  const token = tokenName === undefined ? watcher.current() : stage.token(tokenName)
  for (let n = 0; n < times; n++) life.run(() => watcher.invalidate(token))
}

async function atStep(
  stage: Stage,
  name: string,
  step: StepOf<"kill">["at"],
  action: () => Promise<void> | void,
): Promise<void> {
  await stage.clock.advance(0)
  if (step === undefined) return action()
  stage.process(name).life.at(step, () => void action())
}

function instruct({ issuer: { next = [], usually, revokes } }: StepOf<"issuer">, { issuer }: Stage): void {
  issuer.next(next)
  if (usually !== undefined) issuer.usually(usually)
  if (revokes !== undefined) issuer.grants.revokeAll()
}

async function befall({ store: what, operations, for: of }: StepOf<"store">, { faults, store }: Stage): Promise<void> {
  if (what === "recovers") return void faults.heal(of)
  if (what === "fails" || what === "hangs" || what === "fails after doing it") {
    return void faults.plan({ fault: what, operations: operations ?? ["get", "commit", "delete", "claim"], of })
  }
  if (!(await store.suffer(what)))
    throw new Error(`a store of this kind cannot suffer that it ${what}: name others in "stores"`)
}
