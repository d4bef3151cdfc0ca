import type { FoundScenario } from "../format/scenario-files.js"
import type { Mismatch } from "../stage/ending.js"
import { Operation } from "../stage/operation.js"
import { perform } from "../stage/perform.js"
import { CANARY } from "../../secrets/canary.js"
import { Stage, USUAL_PATIENCE_MS } from "../stage/stage.js"
import type { StoreUnderTest } from "../stores/store-under-test.js"

/** What came of one scenario on one store. */
export interface Played {
  readonly found: FoundScenario
  readonly store: string
  /** Undefined: all was as expected. */
  readonly failure: Failure | undefined
}

export interface Failure {
  /** The step, as in the file, and its number from 1; undefined: at the end. */
  readonly step: { readonly number: number; readonly text: string } | undefined
  readonly mismatches: readonly Mismatch[]
}

/** Whether the scenario says anything about stores of this kind. */
export function isFor({ scenario }: FoundScenario, { name }: StoreUnderTest): boolean {
  return scenario.stores?.includes(name) ?? true
}

/** Plays one scenario from its beginning to the first thing that is not as expected. Never rejects. */
export async function play(found: FoundScenario, store: StoreUnderTest): Promise<Played> {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown) => rejections.push(reason)
  process.on("unhandledRejection", onRejection)
  try {
    const failure = await playSteps(found, store, rejections)
    return { found, store: store.name, failure }
  } catch (error) {
    const seen = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return {
      found,
      store: store.name,
      failure: { step: undefined, mismatches: [broken("a stage that can be set", seen)] },
    }
  } finally {
    process.off("unhandledRejection", onRejection)
  }
}

async function playSteps(
  { scenario }: FoundScenario,
  store: StoreUnderTest,
  rejections: readonly unknown[],
): Promise<Failure | undefined> {
  await using stage = await Stage.open(scenario.given ?? {}, store)
  for (const [index, step] of scenario.steps.entries()) {
    const text = JSON.stringify(step)
    try {
      const mismatches = await perform(step, stage)
      if (mismatches.length > 0) return { step: { number: index + 1, text }, mismatches }
    } catch (error) {
      return { step: { number: index + 1, text }, mismatches: [broken("a step that can be played", String(error))] }
    }
  }
  const mismatches = [...(await ending(stage)), ...alwaysTrue(stage, scenario.given?.reuses ?? 0, rejections)]
  const shown = await shownSecrets(stage)
  return mismatches.length + shown.length > 0 ? { step: undefined, mismatches: [...mismatches, ...shown] } : undefined
}

/** What is started can be stopped: nothing is left running of what was closed. */
async function ending(stage: Stage): Promise<readonly Mismatch[]> {
  stage.faults.heal(undefined)
  stage.issuer.usually("token")
  const living = stage.allProcesses.filter(({ life }) => !life.isDead)
  for (const { life } of living) life.thaw()
  const closing = new Operation(living.map((process) => process.close()))
  await stage.waitFor(closing, USUAL_PATIENCE_MS)
  await stage.clock.advance(USUAL_PATIENCE_MS)
  if (closing.isPending)
    return [{ what: "close() of all processes", expected: "done within a minute", seen: "still under way" }]
  const failed = closing.endings.find((end) => end?.error !== undefined)
  if (failed !== undefined)
    return [{ what: "close() of all processes", expected: "success", seen: String(failed.error) }]
  const { pendingTimers } = stage.clock
  return pendingTimers === 0 ? [] : [{ what: "timers after close()", expected: "0", seen: String(pendingTimers) }]
}

/** What no scenario may bring about. */
function alwaysTrue(stage: Stage, reuses: number, rejections: readonly unknown[]): readonly Mismatch[] {
  const { reused } = stage.issuer.grants
  return [
    ...(reused.length === reuses
      ? []
      : [{ what: "spent refresh tokens presented again", expected: String(reuses), seen: String(reused.length) }]),
    ...rejections.map((reason) => ({ what: "unhandled rejections", expected: "none", seen: String(reason) })),
  ]
}

async function shownSecrets({ events, shown, store }: Stage): Promise<readonly Mismatch[]> {
  const texts = [
    ...events.texts,
    ...shown,
    ...(await store.visibleNames()).map((name) => `a name in the store: ${name}`),
  ]
  const leaks = texts.filter((text) => text.includes(CANARY))
  return leaks.slice(0, 3).map((seen) => ({ what: "what others can see", expected: "no secret", seen }))
}

function broken(expected: string, seen: string): Mismatch {
  return { what: "scenario", expected, seen }
}
