import type { Random, RenewalStep } from "evertoken"
import { seededRandom } from "evertoken/testing"
import type { PlannedAnswer } from "../issuer/planned-answers.js"
import type { HaltSignal } from "../processes/worker-protocol.js"
import { between, choose, type Weighted } from "./choice.js"

/** A signal to one worker: now, or from inside when it next reaches a step. */
export interface Halt {
  readonly kind: "halt"
  readonly worker: number
  readonly signal: HaltSignal
  readonly step: RenewalStep | undefined
  /** With SIGSTOP: for how long, in milliseconds. */
  readonly stoppedMs: number
}

/** The issuer fails: for some time, or for the next requests. */
export type IssuerFault =
  | { readonly kind: "outage"; readonly how: "closed" | "503"; readonly forMs: number }
  | { readonly kind: "slow"; readonly delayMs: number; readonly forMs: number }
  | { readonly kind: "answers"; readonly answer: PlannedAnswer; readonly times: number }

export interface ChaosAction {
  /** How long after the one before, in milliseconds. */
  readonly afterMs: number
  readonly act: Halt | IssuerFault
}

// After a death between mark and commit everybody waits for six seconds and more, and after one in a look nobody has to.
const STEPS: Weighted<RenewalStep> = [
  ["looked", 1],
  ["claimed", 3],
  ["looked-again", 3],
  ["marked", 2],
  ["sending", 2],
  ["answered", 2],
  ["committed", 3],
  ["released", 3],
]

// one that waits for a step is one that does something
const STEP_SHARE = 0.7

const KINDS: Weighted<HaltSignal | "issuer"> = [
  ["SIGKILL", 66],
  ["SIGSTOP", 12],
  ["SIGTERM", 12],
  ["issuer", 10],
]

// the second is longer than the pause after which an owner starts over (5 s), the last one than any time-out in the
// design: 10 s for a request and for a heartbeat, 15 s for a claim
const STOPS: Weighted<readonly [fromMs: number, toMs: number]> = [
  [[50, 1_500], 78],
  [[5_500, 7_000], 15],
  [[16_000, 17_000], 7],
]

const ANSWERS: Weighted<PlannedAnswer> = [
  ["hang", 3],
  ["reset", 3],
  ["lose", 1],
  ["lose-and-hang", 1],
  [{ status: 503 }, 3],
  [{ status: 429, headers: { "retry-after": "1" } }, 2],
]

/** What is done to workers and issuer, one after the other, without end: the same for the same seed. */
export function* scheduleOf(seed: number, workers: number): Generator<ChaosAction, never> {
  const random = seededRandom(seed)
  for (;;) {
    const afterMs = Math.round(between(random, 50, 600))
    const kind = choose(random, KINDS)
    yield { afterMs, act: kind === "issuer" ? drawIssuerFault(random) : halt(random, kind, workers) }
  }
}

function halt(random: Random, signal: HaltSignal, workers: number): Halt {
  const worker = Math.floor(random() * workers)
  const [fromMs, toMs] = choose(random, STOPS)
  const stoppedMs = Math.round(between(random, fromMs, toMs))
  const step = random() < STEP_SHARE ? choose(random, STEPS) : undefined
  return { kind: "halt", worker, signal, step, stoppedMs }
}

/** One that comes at random. */
export function drawIssuerFault(random: Random): IssuerFault {
  const forMs = Math.round(between(random, 200, 2_000))
  const kind = choose<IssuerFault["kind"]>(random, [
    ["outage", 3],
    ["slow", 2],
    ["answers", 4],
  ])
  if (kind === "outage") return { kind, how: random() < 0.5 ? "closed" : "503", forMs }
  if (kind === "slow") return { kind, delayMs: Math.round(between(random, 50, 2_000)), forMs }
  return { kind, answer: choose(random, ANSWERS), times: random() < 0.7 ? 1 : 2 }
}
