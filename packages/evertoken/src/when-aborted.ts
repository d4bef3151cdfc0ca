interface Waiting {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

const waiting = new WeakMap<AbortSignal, Waiting>()

/**
 * Calls `callback` once the signal is aborted, unless what is returned is called before. All callbacks share one listener:
 * Node.js tells of a leak beyond ten, and many callers may wait under one signal.
 */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, listener } = waiting.get(signal) ?? listenTo(signal)
  callbacks.add(callback)
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return
    signal.removeEventListener("abort", listener)
    waiting.delete(signal)
  }
}

function listenTo(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>()
  const listener = () => {
    for (const callback of [...callbacks]) callback()
  }
  signal.addEventListener("abort", listener, { once: true })
  const entry = { callbacks, listener }
  waiting.set(signal, entry)
  return entry
}
