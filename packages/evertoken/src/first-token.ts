import type { Clock } from "./clock.js"
import { TokenError } from "./errors.js"
import { whenAborted } from "./when-aborted.js"
import type { WatcherLoop } from "./watcher-loop.js"

/**
 * Waits for the first token of a loop, through failures that pass. Keeps the process alive meanwhile.
 * @throws TokenError the first failure that does not pass, or the last one within `timeoutMs`; `signal.reason`
 */
export function firstToken(
  loop: WatcherLoop,
  options: { readonly clock: Clock; readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { clock, timeoutMs, signal } = options
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => end(() => reject(loop.lastError ?? timedOut(timeoutMs))), timeoutMs)
    const onAbort = () => end(() => reject(signal?.reason))
    const release = signal && whenAborted(signal, onAbort)
    const unlisten = loop.listen((outcome) => {
      if (loop.publication.held !== undefined) end(resolve)
      else if ("error" in outcome && !outcome.error.transient) end(() => reject(outcome.error))
    })
    function end(settle: () => void) {
      timer.cancel()
      release?.()
      unlisten()
      settle()
    }
  })
}

function timedOut(timeoutMs: number): TokenError {
  return new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", `no token within ${timeoutMs} ms`, { transient: true })
}
