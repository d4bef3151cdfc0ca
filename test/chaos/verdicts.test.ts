import { expect, test } from "vitest"
import type { TokenAnswer } from "../issuer/token-requests.js"
import type { JournalEntry, JournalEvent } from "../processes/journal.js"
import { Observer } from "./observer.js"

const TOKEN = "0123456789abcdef"

/** What workers and issuer did, told one after the other; the observer judges it. */
class Story {
  readonly #observer = new Observer({ wasFaulty: () => false })
  #at = 1_000

  get violations(): readonly string[] {
    this.#observer.end()
    return this.#observer.violations.map(({ what }) => what)
  }
  get reuses() {
    return Object.fromEntries(this.#observer.reuses)
  }
  get losses() {
    return Object.fromEntries(this.#observer.losses)
  }

  sends(worker: string, presentation: "first" | "last-try" | "repeat" = "first"): this {
    return this.#writes(worker, { ...step("sending"), presentation, request: `${worker}#${this.#at}` })
  }
  reaches(worker: string, reached: "answered" | "committed" | "released"): this {
    return this.#writes(worker, step(reached))
  }
  renews(worker: string, generation: number): this {
    return this.#writes(worker, { event: "renewed", generation })
  }
  closed(worker: string): this {
    return this.#writes(worker, { event: "closing" }).#writes(worker, { event: "closed" })
  }
  closing(worker: string): this {
    return this.#writes(worker, { event: "closing" })
  }
  killed(worker: string): this {
    this.#observer.signalled(worker, "SIGKILL", ++this.#at)
    return this
  }
  /** The issuer gets what was sent last, or so many sendings before that. */
  answers(status: number | undefined, use: "first" | "again" | "reuse" = "first", before = 0): this {
    const sending = this.#observer.presentations.of(TOKEN).at(-1 - before)
    const request = { requestId: sending?.request } as TokenAnswer["request"]
    const presentation = { hash: TOKEN, use }
    const answer = { request, presentation, status, planned: undefined, spentAt: undefined }
    const familiesLost = use === "reuse" && status !== undefined ? 1 : 0
    this.#observer.observe([], [{ answer, familiesLost }])
    return this
  }

  #writes(worker: string, event: JournalEvent): this {
    const entry: JournalEntry = { at: ++this.#at, worker, ...event }
    this.#observer.observe([entry], [])
    return this
  }
}

function step(name: "sending" | "answered" | "committed" | "released"): JournalEvent & { readonly event: "step" } {
  return { event: "step", step: name, what: TOKEN, n: undefined, presentation: undefined, request: undefined }
}

test("one renewal after the other is as it should be", () => {
  const story = new Story().sends("a").answers(200).reaches("a", "answered").reaches("a", "committed").renews("a", 1)
  expect(story.violations).toEqual([])
})

test("a reuse that is told to be a first presentation is a violation", () => {
  const story = new Story().sends("a").answers(200).killed("a").sends("b").answers(400, "reuse")
  expect(story.reuses).toEqual({ forbidden: 1 })
  expect(story.violations).toContain("a spent refresh token was presented again")
})

test("a last try after its owner was killed is allowed, and the loss is the window's", () => {
  const story = new Story().sends("a").answers(200).killed("a").sends("b", "last-try").answers(400, "reuse")
  expect(story.violations).toEqual([])
  expect(story.reuses).toEqual({ "last-try": 1 })
  expect(story.losses).toEqual({ "killed-in-the-window": 1 })
})

test("a last try while the one who has sent it lives is a violation", () => {
  const story = new Story().sends("a").answers(200).sends("b", "last-try")
  expect(story.violations).toEqual([expect.stringContaining("presented while a, who had sent it, was alive")])
})

test("a last try of what its owner left open when it was closed is as it should be", () => {
  const story = new Story().sends("a").answers(503).closed("a").sends("b", "last-try")
  expect(story.violations).toEqual([])
})

test("a last try while the one who has sent it is still closing is a violation", () => {
  const story = new Story().sends("a").answers(503).closing("a").sends("b", "last-try")
  expect(story.violations).toEqual([expect.stringContaining("presented while a, who had sent it, was alive")])
})

test("a last try while the one who was closed before it sent anything lives is a violation", () => {
  const story = new Story().closed("a").sends("a").answers(503).sends("b", "last-try")
  expect(story.violations).toEqual([expect.stringContaining("presented while a, who had sent it, was alive")])
})

test("a last try of what its owner has settled and given back is as it should be", () => {
  const story = new Story().sends("a").answers(undefined).reaches("a", "released").sends("b", "last-try")
  expect(story.violations).toEqual([])
})

test("a last try after the answer was durable is a violation, whoever was killed", () => {
  const story = new Story().sends("a").answers(200).reaches("a", "committed").killed("a").sends("b", "last-try")
  expect(story.violations).toEqual([expect.stringContaining("presented after its successor was durable")])
})

test("a repeat of what somebody else has sent is a violation", () => {
  const story = new Story().sends("a").killed("a").sends("b", "repeat")
  expect(story.violations).toEqual([expect.stringContaining("a repeat of what it had not sent")])
})

test("a family that is lost with its owner alive and its answer at hand is a violation", () => {
  const story = new Story().sends("a").answers(200).reaches("a", "answered").sends("a", "repeat").answers(400, "reuse")
  expect(story.losses).toEqual({ unexplained: 1 })
  expect(story.violations).toContain("a family was lost, and nobody knows why")
})

test("what was given up, and arrives after the one that followed it, is counted apart", () => {
  const story = new Story().sends("a").killed("a").sends("b", "last-try").answers(200).answers(400, "reuse", 1)
  expect(story.reuses).toEqual({ "late-arrival": 1 })
})

test("a generation that is written twice is a violation", () => {
  expect(new Story().renews("a", 7).renews("b", 7).violations).toEqual(["generation 7 was written twice"])
})
