import { PassThrough } from "node:stream"
import type { Dispatcher } from "undici"
import { expect, it } from "vitest"
import { FakeController } from "../testing/internal/fake-controller.js"
import { BearerAttempt } from "./bearer-attempt.js"
import { CallerSide } from "./caller-side.js"

const unauthorized = (handler: Dispatcher.DispatchHandler) => {
  const controller = new FakeController()
  const caller = new CallerSide(handler)
  caller.start()
  const attempt = new BearerAttempt(caller, () => true)
  attempt.onRequestStart(controller, null)
  attempt.onResponseStart(controller, 401, {})
  return { attempt, controller, caller }
}

it("an answer is paused while it is held back, and goes on with its release", () => {
  const statuses: number[] = []
  const { attempt, controller } = unauthorized({ onResponseStart: (_controller, status) => statuses.push(status) })
  expect([statuses, controller.calls]).toEqual([[], ["pause"]])
  attempt.release()
  expect([statuses, controller.calls]).toEqual([[401], ["pause", "resume"]])
})

it("a caller who pauses the answer at its release finds it paused", () => {
  const { attempt, controller } = unauthorized({ onResponseStart: (own) => own.pause() })
  attempt.release()
  expect(controller.calls).toEqual(["pause", "pause"])
})

it("of an answer that is discarded the caller hears nothing, and its rest is not waited for", () => {
  const told: unknown[] = []
  const { attempt, controller } = unauthorized({
    onResponseStart: () => told.push("start"),
    onResponseData: () => told.push("data"),
    onResponseError: () => told.push("error"),
  })
  attempt.discard()
  attempt.onResponseData(controller, Buffer.from("late"))
  attempt.onResponseError(controller, new Error("aborted"))
  expect([told, controller.calls]).toEqual([[], ["pause", "resume", "abort"]])
})

it("once upgraded, there is nothing to abort", () => {
  const told: unknown[] = []
  const controller = new FakeController()
  const caller = new CallerSide({
    onRequestUpgrade: (_controller, status) => told.push(status),
    onResponseError: () => told.push("error"),
  })
  new BearerAttempt(caller, () => false).onRequestUpgrade(controller, 101, {}, new PassThrough())
  caller.abort(new Error("too late"))
  expect(told).toEqual([101])
})
