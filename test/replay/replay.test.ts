import { beforeAll, describe, expect, test } from "vitest"
import { shortestCounterExamples, type CounterExample } from "../model/counter-examples.js"
import { formatStep } from "../model/model-step.js"
import { CODE_READINGS, READINGS } from "../model/suites/readings.js"
import { move, playable } from "./moves.js"
import { OUTCOMES } from "./outcomes.js"
import { forbiddenIn, lossesIn } from "./promises.js"
import { Replay } from "./replay.js"

describe("what goes wrong without a rule does not go wrong here", () => {
  let examples: ReadonlyMap<string, CounterExample> = new Map()
  beforeAll(() => {
    examples = new Map(shortestCounterExamples().map((example) => [example.reading, example]))
  })

  test.each([...READINGS, ...CODE_READINGS].map(({ name }) => name))("%s", async (reading) => {
    const example = examples.get(reading)
    if (example === undefined) throw new Error("there is no such counter-example")
    await using replay = await Replay.begin(example.options)
    let departure: string | undefined
    for (const step of playable(example.steps)) {
      const isTaken = await move(replay, step)
      if (!isTaken) departure ??= formatStep(step)
      await replay.note()
    }
    const presented = replay.issuer.requests.map(({ process, token, how }) => `${process} ${token} ${how}`)
    const ends = await replay.settle()

    const stored = replay.records.at(-1)?.token === undefined ? "a sign-out" : "a token"

    expect({ departure, presented, stored, ends }).toEqual(OUTCOMES[reading])
    expect(forbiddenIn(replay.issuer.requests)).toEqual([])
    expect(lossesIn(replay.records)).toEqual([])
  })
})
