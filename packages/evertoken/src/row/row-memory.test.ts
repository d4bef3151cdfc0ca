import { expect, test } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import { RowMemory } from "./row-memory.js"
import { EMPTY_ROW } from "./row-text.js"

test("a claim that is gone is forgotten, and nothing is left of how long it was watched", async () => {
  const clock = new VirtualClock()
  const memory = new RowMemory(clock)
  const claim = { what: "what", n: 1, owner: "owner", beat: 1, leaseMs: 10_000, at: 0 }
  const stillMs = async () => {
    await clock.advance(500)
    return memory.stillMs(claim)
  }
  expect([await stillMs(), await stillMs(), await stillMs()]).toEqual([0, 500, 1_000])
  memory.note({ ...EMPTY_ROW, claims: [claim] }, false)
  expect(await stillMs()).toBe(1_500)
  memory.note(EMPTY_ROW, false)
  expect(await stillMs()).toBe(0)
})
