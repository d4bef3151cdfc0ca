import type { VirtualClock } from "evertoken/testing"

/** What comes of `outcome`, while time passes in small steps: for what waits for time and for real connections, too. */
export async function turning<T>(clock: VirtualClock, outcome: Promise<T>): Promise<T> {
  const over = new AbortController()
  const end = () => over.abort()
  outcome.then(end, end)
  while (!over.signal.aborted) await clock.advance(10)
  return outcome
}
