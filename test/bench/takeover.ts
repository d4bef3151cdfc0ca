import { Scene } from "../processes/scene.js"
import type { WorkerProcess } from "../processes/worker-process.js"
import { toolOptions } from "../tool-options.js"

const HELP = `How long it takes until another process has renewed, after the one that holds the claim was killed.

  npm run bench:takeover -- [--rounds N]

  --rounds N   how often each case is measured (default 15)
  --help       this text

Each round starts a process that claims, lets a second one wait for it, kills the first with SIGKILL, and takes the
time until the second has its new token. The issuer is real and on this machine.`

interface Case {
  readonly name: string
  readonly workers: (scene: Scene) => Promise<WorkerProcess[]>
  /** Brings the owner to where it is killed. */
  readonly bringOwner: (scene: Scene, owner: WorkerProcess) => Promise<void>
}

const cases: readonly Case[] = [
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

async function takeoverMs({ workers, bringOwner }: Case): Promise<number> {
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

const values = toolOptions({ rounds: { type: "string", default: "15" }, help: { type: "boolean" } })
const rounds = Number(values.rounds)
if (values.help) {
  console.log(HELP)
} else if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds must be a whole number above 0; got ${values.rounds}`)
  process.exitCode = 2
} else {
  await measure()
}

async function measure(): Promise<void> {
  const rows = []
  for (const one of cases) {
    const figures: number[] = []
    for (let round = 1; round <= rounds; round++) {
      if (process.stderr.isTTY) process.stderr.write(`\r${one.name}: ${round} of ${rounds}   `)
      figures.push(await takeoverMs(one))
    }
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
    figures.sort((a, b) => a - b)
    const at = (share: number) => Math.round(figures[Math.floor((figures.length - 1) * share)] ?? 0)
    rows.push({ "time to take over (ms)": one.name, min: at(0), median: at(0.5), max: at(1) })
  }
  console.table(rows)
}
