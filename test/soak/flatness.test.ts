import { expect, test } from "vitest"
import { coursesOf } from "./flatness.js"
import type { Sample } from "./sample.js"

const MEGABYTE = 1_000_000

function run(sampleOf: (round: number) => Partial<Sample>): readonly string[] {
  const flat: Sample = {
    heapBytes: 20 * MEGABYTE,
    fileDescriptors: 30,
    watches: 3,
    timers: 5,
    resources: { PipeWrap: 1 },
  }
  const samples = Array.from({ length: 30 }, (_, round) => ({ ...flat, ...sampleOf(round) }))
  return coursesOf(samples).flatMap(({ name, isFlat }) => (isFlat ? [] : [name]))
}

test("what stays as it was is flat", () => {
  expect(run(() => ({}))).toEqual([])
})

test("what goes up and down is flat", () => {
  const up = (round: number) => round % 3
  const sampleOf = (round: number) => ({ fileDescriptors: 30 + up(round), timers: 5 + up(round) })
  expect(run(sampleOf)).toEqual([])
})

test("one low figure at the beginning, or one high one at the end, is no growth", () => {
  expect(run((round) => ({ timers: round === 10 ? 3 : 5 }))).toEqual([])
  expect(run((round) => ({ timers: round === 29 ? 9 : 5 }))).toEqual([])
})

test("a file descriptor, a timer, a handle lost in a while are not flat", () => {
  const lost = (round: number) => Math.floor(round / 10)
  expect(run((round) => ({ fileDescriptors: 30 + lost(round) }))).toEqual(["file descriptors"])
  expect(run((round) => ({ timers: 5 + lost(round) }))).toEqual(["timers of the library"])
  expect(run((round) => ({ watches: 3 + lost(round) }))).toEqual(["watched directories"])
  expect(run((round) => ({ resources: { PipeWrap: 1, FSEvent: lost(round) } }))).toEqual(["FSEvent"])
})

test("a heap that grows is not flat", () => {
  expect(run((round) => ({ heapBytes: 20 * MEGABYTE + round * 0.2 * MEGABYTE }))).toEqual(["heap (KB)"])
})

test("a heap that grows while it warms up is flat", () => {
  expect(run((round) => ({ heapBytes: 20 * MEGABYTE + Math.min(round, 8) * MEGABYTE }))).toEqual([])
})
