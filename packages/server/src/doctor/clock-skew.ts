import { fail, ok, warn, type Finding } from "./finding.js"

// an answer's Date header is cut to the second, and was written while the answer was on its way
const TOLERATED_MS = 10_000
const TOO_MUCH_MS = 300_000

/** By how much a clock elsewhere is ahead of this machine's, if that matters. */
export function checkSkew(whose: string, aheadMs: number): Finding {
  const subject = `clock of ${whose}`
  const seconds = Math.round(Math.abs(aheadMs) / 1_000)
  const message = `it is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} this machine's`
  const hint = "Which of them is right? Synchronise the other: timedatectl status; timedatectl set-ntp true"
  if (seconds * 1_000 <= TOLERATED_MS) return ok(subject, "it agrees with this machine's")
  return seconds * 1_000 <= TOO_MUCH_MS ? warn(subject, message, hint) : fail(subject, message, hint)
}
