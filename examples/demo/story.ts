import { setTimeout as wait } from "node:timers/promises"
import type { RealIssuer } from "../../test/issuer/real-issuer.js"
import type { Fleet } from "./fleet.js"
import type { Narrator } from "./narrator.js"
import { capitalized, inWords, seconds } from "./wording.js"

/** What the story is played with. */
export interface Stage {
  readonly issuer: RealIssuer
  readonly fleet: Fleet
  readonly narrator: Narrator
  readonly lifetimeMs: number
  readonly say: (text: string) => void
  /** Ends the story where it stands. */
  readonly signal: AbortSignal
}

/** Everybody starts, and has a token. */
export async function begin(stage: Stage): Promise<void> {
  const { fleet, say } = stage
  say(`${capitalized(inWords(fleet.members.length))} processes start at once. The file they share does not exist yet.`)
  fleet.startAll()
  await until(stage, "a first token for everybody", () => stage.narrator.sharedGeneration > 0)
}

/** One cycle: a plain renewal, the issuer down, a process killed meanwhile, the issuer back, a plain renewal. */
export async function playCycle(stage: Stage): Promise<void> {
  const { issuer, fleet, say } = stage
  await nextRenewal(stage)
  await pause(stage, stage.lifetimeMs / 8)
  await issuer.goDown()
  say("The issuer goes down: from now on it refuses every connection.")
  await pause(stage, stage.lifetimeMs / 24)
  await killAndRestart(stage, 2)
  const hasFailed = () => fleet.members.some(({ report }) => report !== undefined && report.failedAttempts > 0)
  await until(stage, "an attempt to renew while the issuer is down", hasFailed)
  await comeBack(stage)
  await nextRenewal(stage)
}

async function killAndRestart(stage: Stage, number: number): Promise<void> {
  const { fleet, say } = stage
  await fleet.kill(number)
  say(`Process ${number} is killed (SIGKILL), and started again.`)
  fleet.start(number)
  await until(stage, `a token for process ${number}`, () => fleet.members[number - 1]?.report?.token !== undefined)
  say(`Process ${number} has the token again: from the file, as there is nobody to ask.`)
}

async function comeBack(stage: Stage): Promise<void> {
  const { issuer, fleet, narrator, lifetimeMs, say } = stage
  const leftMs = () => {
    const tokens = fleet.members.flatMap(({ report }) => report?.token ?? [])
    return Math.max(...tokens.map(({ expiresAt }) => expiresAt)) - Date.now()
  }
  await until(stage, "the token near its end", () => leftMs() < lifetimeMs / 3.5)
  const generation = narrator.sharedGeneration
  await issuer.comeBack()
  say(`The issuer is back, ${seconds(leftMs())} before the token ends. Nobody is told: the next attempt finds out.`)
  await until(stage, "a renewal after the outage", () => narrator.sharedGeneration > generation)
}

async function nextRenewal(stage: Stage): Promise<void> {
  const generation = stage.narrator.sharedGeneration
  await until(stage, "a renewal", () => stage.narrator.sharedGeneration > generation)
}

async function pause({ signal }: Stage, lengthMs: number): Promise<void> {
  await wait(lengthMs, undefined, { signal })
}

/** @throws Error if it does not come in time: then something is wrong with the library or the machine. */
async function until({ signal, lifetimeMs }: Stage, what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000 + 2 * lifetimeMs
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`the demo waited in vain for ${what}`)
    await wait(25, undefined, { signal })
  }
}
