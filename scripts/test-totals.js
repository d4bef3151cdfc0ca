// How many tests passed, failed and were skipped, from what the runners leave behind.
import { readFile, rm } from "node:fs/promises"

/** Takes a vitest JSON report away once it is read, so that no run is counted for another. */
export async function takeReport(path) {
  const text = await readFile(path, "utf8").catch(() => undefined)
  if (text === undefined) return undefined
  await rm(path)
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(text)
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
}

/** The last `N passed, N failed` (or `…, N skipped`) in what a runner printed. */
export function totalsIn(output) {
  const last = [...output.matchAll(/(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/g)].at(-1)
  if (!last) return undefined
  const [passed, failed, skipped = 0] = last.slice(1).map((count) => Number(count ?? 0))
  return { passed, failed, skipped }
}

export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

export function formatTotals({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed` + (skipped > 0 ? `, ${skipped} skipped` : "")
}
