import type { Clock } from "evertoken"
import { deletionIncomplete } from "./session-failures.js"
import { within } from "./within.js"

// as long as a row is waited for
const ANSWERED_WITHIN_MS = 10_000

/** One step of a deletion: it removes these types, all or none of them. */
export interface DeletionStep {
  readonly types: readonly string[]
  /** @returns the types of which there was a token. */
  readonly run: () => Promise<readonly string[]>
}

/**
 * All steps, whatever fails, or does not answer in time. @returns the types that are removed.
 * @throws SessionError `ERR_DELETION_INCOMPLETE` once all have been tried.
 */
export async function deleteAll(steps: readonly DeletionStep[], clock: Clock): Promise<readonly string[]> {
  const runs = steps.map(({ run }) => within(run(), { clock, timeoutMs: ANSWERED_WITHIN_MS }))
  const outcomes = (await Promise.allSettled(runs)).map((run) => (run.status === "fulfilled" ? run.value : undefined))
  const removed = outcomes.flatMap((types = []) => types)
  const remaining = steps.flatMap(({ types }, i) => (outcomes[i] === undefined ? types : []))
  if (remaining.length > 0) throw deletionIncomplete({ removed, remaining })
  return removed
}
