import type { Clock } from "evertoken"

/** The outcome of `promise` if it comes within `timeoutMs`, else undefined. What it rejects with later is nobody's. */
export async function within<T>(
  promise: Promise<T>,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
) {
  let timer: { cancel(): void } | undefined
  const tooLate = new Promise<undefined>((resolve) => {
    timer = clock.setTimer(() => resolve(undefined), timeoutMs)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    timer?.cancel()
  }
}
