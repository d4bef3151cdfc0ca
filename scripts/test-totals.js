// How many tests passed, failed and were skipped, and which failed, from what the runners leave behind.
import { readFile, rm } from "node:fs/promises"
import { relative } from "node:path"

const LINES_OF_A_FAILURE = 12

/** Takes a vitest JSON report away once it is read, so that no run is counted for another. */
export async function takeReport(path) {
  const text = await readFile(path, "utf8").catch(() => undefined)
  if (text === undefined) return undefined
  await rm(path)
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(text)
  return {
    totals: { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests },
    failures: testResults.flatMap(failuresIn),
  }
}

/** What failed in a file of tests, in words: its tests, or the file itself if it did not get as far as them. */
function failuresIn({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name)
  const failures = assertionResults
    .filter((test) => test.status === "failed")
    .map(({ fullName, failureMessages }) => `${file} > ${fullName}\n${beginning(failureMessages.join("\n"))}`)
  return failures.length === 0 && status === "failed" ? [`${file}\n${beginning(message)}`] : failures
}

function beginning(message) {
  const lines = message.split("\n").filter((line) => !/^\s+at .*node_modules/.test(line))
  return lines.slice(0, LINES_OF_A_FAILURE).join("\n").replace(/^/gm, "    ")
}

/** The last `N passed, N failed` (or `…, N skipped`) in what a runner printed. */
export function totalsIn(output) {
  const last = [...output.matchAll(/(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/g)].at(-1)
  if (!last) return undefined
  const [passed, failed, skipped = 0] = last.slice(1).map((count) => Number(count ?? 0))
  return { totals: { passed, failed, skipped } }
}

export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

export function formatTotals({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed` + (skipped > 0 ? `, ${skipped} skipped` : "")
}
