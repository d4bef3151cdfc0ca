import { randomInt } from "node:crypto"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fuzz } from "./fuzz-target.js"
import { promise } from "./promises.js"
import { readRegressions } from "./regressions.js"
import { TARGETS } from "./targets.js"

const regressions = readRegressions()

describe("an input that once broke a promise breaks it no more", () => {
  it.each(regressions.map((each, at) => [`${each.target} ${at}: ${each.problem}`, each] as const))(
    "%s",
    async (_title, { target, input }) => {
      const found = TARGETS.find(({ name }) => name === target)
      expect(found).toBeDefined()
      await found?.check(input)
    },
  )
})

// a share of each run in CI; `npm run fuzz` runs as many as one likes
const INPUTS = 4_000
const seed = randomInt(2 ** 31)

describe(`no input breaks a promise of (seed ${seed})`, () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))("%s", async (_name, target) => {
    const inputs = Math.ceil((INPUTS * target.share) / 1_000)
    const finding = await fuzz(target, { inputs, seed })
    expect(finding && { ...finding, input: Buffer.from(finding.input).toString("latin1") }).toBeUndefined()
  })
})

describe("a broken promise is found", () => {
  const about = { name: "broken", share: 1, inputs: fc.uint8Array({ minLength: 1 }) }

  it("by the smallest input, with the seed that finds it again", async () => {
    const check = ([first = 0]: Uint8Array) => promise(first < 10, "small bytes only")
    const finding = await fuzz({ ...about, check }, { inputs: 1_000, seed: 7 })
    expect(finding).toEqual({
      target: "broken",
      input: Uint8Array.of(10),
      problem: "broken promise: small bytes only",
      seed: 7,
    })
  })

  it("where a prototype gets a member", async () => {
    const check = () => void Object.assign(Object.prototype, { polluted: true })
    const finding = await fuzz({ ...about, check }, { inputs: 1, seed: 7 })
    Reflect.deleteProperty(Object.prototype, "polluted")
    expect(finding?.problem).toBe("a prototype has members that it had not")
  })
})
