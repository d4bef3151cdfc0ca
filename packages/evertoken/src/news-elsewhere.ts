import { concatMap, defer, endWith, filter, ignoreElements, map, share, takeUntil, type Observable } from "rxjs"
import type { CacheStack } from "./cache-stack.js"

export interface NewsOptions {
  /** Takes over what is new; whether it is news. Must not reject. */
  readonly look: () => Promise<boolean>
  /** Ends it by completing. */
  readonly until: Observable<void>
}

/**
 * Emits when others have written something that is news. One look serves all who subscribe: it takes over what is new, and a
 * second one would find nothing. Undefined if the authority tells of no changes: of a hundred thousand sources, what waits for
 * nothing would be most of their memory.
 */
export function newsElsewhere(stack: CacheStack, { look, until }: NewsOptions): Observable<void> | undefined {
  if (!stack.hasChanges) return undefined
  return defer(() => stack.changes()).pipe(
    concatMap(look),
    filter((isNews) => isNews),
    map(() => undefined),
    takeUntil(until.pipe(ignoreElements(), endWith(undefined))),
    share(),
  )
}
