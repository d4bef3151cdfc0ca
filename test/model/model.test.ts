import { beforeAll, describe, expect, it } from "vitest"
import { check } from "./check.js"
import { shortestCounterExamples, type CounterExample } from "./counter-examples.js"
import type { ModelStep } from "./model-step.js"
import { shortName } from "./report.js"
import { SUITES } from "./suites/all-suites.js"
import { CODE_READINGS, READINGS } from "./suites/readings.js"
import { PINNED } from "./suites/small.js"

const quick = SUITES["quick"] ?? []
const BEFORE_SENDING: readonly ModelStep["step"][] = ["looked", "claimed", "looked-again", "marked"]

function brokenBy(options: Parameters<typeof check>[0]): readonly string[] {
  const { isCutOff, violations } = check(options)
  expect(isCutOff).toBe(false)
  return [...new Set(violations.map(shortName))].sort()
}

describe("the renewal protocol, in every state that can be reached", () => {
  const sound = quick.filter(({ breaks }) => breaks.length === 0)
  it.each(sound)("keeps all its promises: $name", ({ options }) => {
    expect(brokenBy(options)).toEqual([])
  })

  it("is followed into as many states as it was when this was written", () => {
    const { states, edges } = check(PINNED.mended.options)
    expect({ states, edges }).toEqual({ states: 15042, edges: 36778 })
  })

  it("is followed into as many states as it was when this was written, step by step as the code does it", () => {
    const { states, edges } = check(PINNED.asCoded.options)
    expect({ states, edges }).toEqual({ states: 23592, edges: 56876 })
  })
})

describe("each rule is needed: without it a promise is broken", () => {
  const readings = quick.filter(({ breaks }) => breaks.length > 0)
  it.each(readings)("$name -> $breaks", ({ options, breaks }) => {
    expect(brokenBy(options)).toEqual([...breaks].sort())
  })
})

describe("the shortest counter-examples", () => {
  let examples: readonly CounterExample[] = []
  beforeAll(() => {
    examples = shortestCounterExamples()
  })

  it("are one for each reading, and break what it is to break", () => {
    const readings = [...READINGS, ...CODE_READINGS]
    expect(examples.map(({ reading }) => reading)).toEqual(readings.map(({ name }) => name))
    for (const [index, { breaks }] of examples.entries()) expect(readings[index]?.breaks).toContain(breaks)
  })

  it("begin with nothing done, and tell which of two processes moves", () => {
    for (const { steps } of examples) {
      expect(steps.length).toBeGreaterThan(10)
      expect(["begun", "signing-out", "signing-in", "configured", "rewriting"]).toContain(steps[0]?.step)
      for (const { process = 1 } of steps) expect([1, 2]).toContain(process)
    }
  })

  it("tell with each sending how the token is presented, by the code's own names", () => {
    const presentations = examples.flatMap(({ steps }) =>
      steps.flatMap(({ step, presentation }) => (step === "sending" ? [presentation] : [])),
    )
    expect(new Set(presentations)).toEqual(new Set(["first", "repeat", "last-try"]))
  })

  it("end with the sending, where a token is presented that should not be", () => {
    const presented = examples.filter(({ breaks }) => breaks.startsWith("I1"))
    expect(presented.length).toBeGreaterThan(5)
    for (const { steps } of presented) expect(steps.at(-1)?.step).toBe("sending")
  })

  it("go through the transaction's steps in their order", () => {
    for (const { steps } of examples) {
      const sentAt = steps.findIndex(({ step }) => step === "sending")
      if (sentAt === -1) continue
      const own = steps.slice(0, sentAt).filter(({ process }) => process === steps[sentAt]?.process)
      const named = own.flatMap(({ step }) => (BEFORE_SENDING.includes(step) ? [step] : []))
      expect(named.slice(-4)).toEqual(BEFORE_SENDING)
    }
  })
})
