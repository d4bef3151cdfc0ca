import { expect, test } from "vitest"
import { formatReport } from "./report.js"
import { runSoak } from "./soak-run.js"

// rounds are counted, and each waits until nothing moves: on a busy machine that takes long
const PATIENCE_MS = 900_000

test(
  "watchers, pools and files under load and faults leave nothing behind: heap, timers, handles and file descriptors stay flat",
  async () => {
    const result = await runSoak({ forMs: 20_000, roundMs: 1_000, seed: 20_260_101 })
    expect(result.objections, formatReport(result)).toEqual([])
    // what was not done was not proven
    expect(result.issuerFaults).toBeGreaterThan(0)
    for (const { counts } of result.subjects) {
      expect(counts.calls).toBeGreaterThan(1_000)
      expect(counts.started).toBeGreaterThan(10)
      expect(counts.pooled).toBeGreaterThan(100)
      expect(counts.published).toBeGreaterThan(100)
    }
  },
  PATIENCE_MS,
)
