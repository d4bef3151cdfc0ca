import type { Timer } from "evertoken"
import type { Terminal } from "./terminal.js"

const STEP_MS = 1_000
const CLEAR = "\r\u001b[K"

/** Tells at a terminal that something is waited for, once it takes longer than a moment. Afterwards nothing of that is left. */
export async function waitingFor<T>(what: string, outcome: Promise<T>, { stderr, clock }: Terminal): Promise<T> {
  if (stderr.isTTY !== true) return outcome
  let seconds = 0
  let timer: Timer | undefined
  const wait = () => {
    timer = clock.setTimer(() => {
      stderr.write(`${CLEAR}Waiting for ${what}, ${++seconds} s …`)
      wait()
    }, STEP_MS)
  }
  wait()
  try {
    return await outcome
  } finally {
    timer?.cancel()
    if (seconds > 0) stderr.write(CLEAR)
  }
}
