import { deletionIncomplete } from "./session-failures.js"

/** One step of a deletion: it removes these types, all or none of them. */
export interface DeletionStep {
  readonly types: readonly string[]
  /** @returns the types of which there was a token. */
  readonly run: () => Promise<readonly string[]>
}

/**
 * All steps, whatever fails. @returns the types that are removed.
 * @throws SessionError `ERR_DELETION_INCOMPLETE` once all have been tried.
 */
export async function deleteAll(steps: readonly DeletionStep[]): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(steps.map(async ({ run }) => run()))
  const removed = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []))
  const remaining = steps.flatMap(({ types }, i) => (outcomes[i]?.status === "rejected" ? types : []))
  if (remaining.length > 0) throw deletionIncomplete({ removed, remaining })
  return removed
}
