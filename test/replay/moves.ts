import { fileStore } from "../conformance/stores/file-store.js"
import type { ModelStep } from "../model/model-step.js"
import type { FileOperation } from "./file-gates.js"
import { did, isClaim, isMark, milestoneOf, type Milestone } from "./milestones.js"
import type { Replay } from "./replay.js"
import { ReplayedProcess } from "./replayed-process.js"
import { signIn, signOut } from "./sign-ins.js"

/** What a real process does, too: a read is one step here, and nobody completes what another has begun. */
export function playable(steps: readonly ModelStep[]): readonly ModelStep[] {
  const isCompletion = ({ step, detail }: ModelStep) => step === "rename-completed" || detail.startsWith("finds gen-")
  const played = steps.filter((step, index) => !isCompletion(step) && steps[index - 1]?.step !== "rename-completed")
  return sentBeforeLoss(played.filter(({ step, detail }) => step !== "looked" || !detail.startsWith("empty")))
}

/** Nothing lies between the last look and the request: what the store loses there, it loses just after. */
function sentBeforeLoss(steps: readonly ModelStep[]): readonly ModelStep[] {
  const at = steps.findIndex(({ step }) => step === "store-deleted")
  const [loss, sending] = steps.slice(at)
  if (at < 0 || loss === undefined || sending?.step !== "sending") return steps
  return [...steps.slice(0, at), sending, loss, ...steps.slice(at + 2)]
}

/** Has the real thing do one step of the model. @returns whether it has. */
export async function move(replay: Replay, step: ModelStep): Promise<boolean> {
  switch (step.step) {
    case "signing-out":
      return signOut(replay, step)
    case "signing-in":
      return signIn(replay, step)
    case "rewriting":
      return replay.rewriter.move(step)
    case "stray-request":
      return arrive(replay)
    case "store-deleted":
      await replay.loseStore()
      return true
    default:
      return moveProcess(replay, replay.get(`P${step.process ?? 0}`), step)
  }
}

async function moveProcess(replay: Replay, process: ReplayedProcess, step: ModelStep): Promise<boolean> {
  const { detail } = step
  switch (step.step) {
    case "looked":
      // what is of another lineage than its own is not adopted: it goes on to renew; and the looks after a refusal have no name
      if (detail.startsWith("invalid_grant") || (process.isNewLineage && detail.startsWith("adopts"))) return true
      return reachStep(replay, process, step)
    case "removed":
      // it has, before it has told that it has committed
      return detail.includes("generations") || reachStep(replay, process, step)
    case "begun":
      return begin(replay, process)
    case "killed":
      await process.kill()
      return true
    case "restarted":
      replay.start(process.name)
      return true
    case "configured":
      await process.kill()
      replay.start(process.name, replay.issuer.grants.signIn())
      return true
    case "frozen":
      await process.freeze()
      return true
    case "thawed":
      // what came meanwhile is there before its time-outs strike
      if (process.request?.response !== undefined) process.request.deliver()
      await process.thaw()
      return true
    case "issuer-answered":
      return answer(replay, process, step)
    case "answered":
      return hear(replay, process, step)
    case "will-repeat":
      return replay.wake(process)
    case "checked":
      return check(replay, process, step)
    case "sending":
      return send(replay, process, step)
    case "noticed":
      return notice(replay, process, step)
    case "write-failed":
      return failToWrite(replay, process, step)
    case "looked-again":
      if (detail.startsWith("more than 5 s")) await replay.clock.advance(6_000)
      return reachStep(replay, process, step)
    default:
      return reachStep(replay, process, step)
  }
}

async function reachStep(replay: Replay, process: ReplayedProcess, step: ModelStep): Promise<boolean> {
  const milestone = milestoneOf(step)
  if (milestone === undefined) throw new Error(`nobody knows how to replay "${step.step}: ${step.detail}"`)
  return replay.reach(process, milestone)
}

async function begin(replay: Replay, process: ReplayedProcess): Promise<boolean> {
  // after a failure the issuer is left alone for a while
  if (process.error !== undefined) await replay.clock.advance(61_000)
  // what it was about before is over but for some cleaning up; one of a new lineage has not ended where the model's has
  for (let operations = 0; operations < 30 && !process.isNewLineage && process.next !== undefined; operations++) {
    process.letPass()
    await fileStore.settle()
  }
  if (process.isCalled) return true
  void process.call()
  await fileStore.settle()
  return true
}

async function send(replay: Replay, process: ReplayedProcess, step: ModelStep): Promise<boolean> {
  const milestone: Milestone = { isIt: (sight) => sight.kind === "step" && sight.step === "sending" }
  return (await replay.reach(process, milestone)) && (await replay.sent(process))?.how === step.presentation
}

async function answer({ issuer }: Replay, process: ReplayedProcess, { detail }: ModelStep): Promise<boolean> {
  const { request } = process
  if (request === undefined || request.response !== undefined) return false
  issuer.process(request, detail.startsWith("429") ? "too many requests" : "as it is due")
  return detail.startsWith(String(statusIn(request.response)))
}

async function hear(replay: Replay, process: ReplayedProcess, { detail }: ModelStep): Promise<boolean> {
  const { request } = process
  if (detail.startsWith("times out")) {
    await replay.clock.advance(ReplayedProcess.requestTimeoutMs + 1_000)
    return request?.isOver === true
  }
  // it may have been delivered while the process stood still
  if (request !== undefined && request.response === undefined) return false
  request?.deliver()
  await fileStore.settle()
  return request !== undefined || replay.issuer.requests.some(({ process: sender }) => sender === process.name)
}

/** A request that its sender has given up comes to the issuer all the same. */
async function arrive({ issuer }: Replay): Promise<boolean> {
  const stray = issuer.requests.find(({ isOver, response }) => isOver && response === undefined)
  if (stray !== undefined) issuer.process(stray)
  return stray !== undefined
}

/** What is judged between two steps; only what takes time must be brought about. */
async function check(replay: Replay, process: ReplayedProcess, { detail }: ModelStep): Promise<boolean> {
  if (!detail.startsWith("more than 5 s")) return true
  const isRepeating = process.sights.some((sight) => sight.kind === "step" && sight.step === "sending")
  // the mark of a repetition is renewed
  if (isRepeating && !(await replay.reach(process, { isIt: did("open", isMark) }))) return false
  await replay.clock.advance(6_000)
  return true
}

async function notice(replay: Replay, process: ReplayedProcess, step: ModelStep): Promise<boolean> {
  const changes = process.life.run(() => process.source.changes().subscribe())
  await fileStore.settle()
  // it does nothing else meanwhile: its request is under way
  for (let operations = 0; operations < 100 && process.next !== undefined; operations++) {
    process.letPass()
    await fileStore.settle()
  }
  changes.unsubscribe()
  return reachStep(replay, process, step)
}

/** The first thing that is done about it fails. */
async function failToWrite(replay: Replay, process: ReplayedProcess, { detail }: ModelStep): Promise<boolean> {
  const isRemoval = detail.startsWith("the claim cannot be removed")
  const isMeant = ({ name, file }: FileOperation) =>
    isRemoval ? name === "unlink" && (isClaim(file) || isMark(file)) : name === "readdir"
  process.failOnce(isMeant)
  return replay.reach(process, { isIt: (sight) => sight.kind === "file" && sight.failed && isMeant(sight.operation) })
}

function statusIn(response: Response | undefined): number | string {
  return response?.status === 400 ? "invalid_grant" : (response?.status ?? "nothing")
}
