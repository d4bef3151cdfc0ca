import { Scene } from "../processes/scene.js"
import type { WorkerProcess } from "../processes/worker-process.js"

/** Where the process is that holds the claim when it is killed. */
export interface TakeoverCase {
  readonly name: string
  readonly workers: (scene: Scene) => Promise<WorkerProcess[]>
  /** Brings the owner to where it is killed. */
  readonly bringOwner: (scene: Scene, owner: WorkerProcess) => Promise<void>
}

export const takeoverCases: readonly TakeoverCase[] = [
  {
    name: "client credentials, killed before the request",
    workers: (scene) => scene.clients(2),
    bringOwner: stoppedBeforeSending,
  },
  {
    name: "client credentials, killed after the request",
    workers: (scene) => scene.clients(2),
    bringOwner: waitingForTheAnswer,
  },
  {
    name: "rotating refresh token, killed before the request",
    workers: async (scene) => scene.rotating(2, await scene.issuer.issueRefreshToken()),
    bringOwner: stoppedBeforeSending,
  },
]

async function stoppedBeforeSending(_scene: Scene, owner: WorkerProcess): Promise<void> {
  await owner.call("haltAt", "looked-again", "SIGSTOP")
  void owner.call("renew").catch(() => undefined)
  await owner.stopped()
}

async function waitingForTheAnswer({ issuer }: Scene, owner: WorkerProcess): Promise<void> {
  issuer.respondWith("lose-and-hang")
  const before = issuer.requests.total
  void owner.call("renew").catch(() => undefined)
  while (issuer.requests.total === before) await new Promise((resolve) => setImmediate(resolve))
}

/** The time from the kill of the owner until the process that waits for it has renewed. */
export async function takeoverMs({ workers, bringOwner }: TakeoverCase): Promise<number> {
  await using scene = await Scene.set()
  const [owner, other] = await workers(scene)
  if (owner === undefined || other === undefined) throw new Error("two workers are needed")
  await owner.call("getToken")
  await other.call("getToken")
  await bringOwner(scene, owner)
  const waiting = other.next("waiting")
  const renewal = other.call("renew")
  await waiting
  const killedAt = performance.now()
  owner.signal("SIGKILL")
  await renewal
  return performance.now() - killedAt
}
