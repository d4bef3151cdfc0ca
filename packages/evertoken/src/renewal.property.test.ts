import fc from "fast-check"
import { expect, test } from "vitest"
import { seededRandom } from "./random.js"
import { RandomRun, type Deed } from "./testing/internal/random-run.js"

const process = fc.nat(2)

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("get" as const), process }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("renew" as const), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("kill" as const, "close" as const), process }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      process,
      operation: fc.constantFrom(
        ...(["get", "commit", "claim.look", "claim.take", "claim.markSent", "claim.isHeld", "claim.release"] as const),
      ),
      fault: fc.constantFrom("fails" as const, "fails-after" as const, "hangs" as const, 7_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("issuer" as const),
      behaviour: fc.constantFrom(
        ...(["answer-lost", "reset", "unavailable", "refused", "too-many", "hangs", "hangs-processed"] as const),
        "over-at-once" as const,
      ),
    }),
  },
)

test(
  "however processes, kills and faults interleave: nothing spent is presented again but after an unknown outcome, " +
    "generations only go up, nothing expired is served, and renewal goes on",
  { timeout: 60_000 },
  async () => {
    let runs = 0
    const property = fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 2, max: 3 }),
      fc.array(deed, { minLength: 3, maxLength: 30 }),
      fc.integer(),
      async (scheduler, processes, deeds, seed) => {
        runs++
        await new RandomRun(processes, scheduler, seededRandom(seed)).run(deeds)
      },
    )
    await fc.assert(property, { numRuns: 120, interruptAfterTimeLimit: 15_000 })
    expect(runs).toBeGreaterThan(0)
  },
)
