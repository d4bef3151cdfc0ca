import { expect, it } from "vitest"
import { FakeController } from "../testing/internal/fake-controller.js"
import { CallerSide } from "./caller-side.js"

const viewOf = ({ aborted, reason, rawHeaders, rawTrailers }: CallerSide) => ({
  aborted,
  reason,
  rawHeaders,
  rawTrailers,
})

it("the caller's controller is that of what is under way, and one where nothing is", () => {
  const caller = new CallerSide({})
  const nothing = { aborted: false, reason: null, rawHeaders: null, rawTrailers: null }
  caller.pause()
  caller.resume()
  expect(viewOf(caller)).toEqual(nothing)

  const target = new FakeController()
  caller.follow(target)
  caller.pause()
  expect(caller.paused).toBe(true)
  caller.resume()
  expect([caller.paused, target.calls]).toEqual([false, ["pause", "resume"]])
  expect(viewOf(caller)).toEqual({ ...nothing, rawHeaders: target.rawHeaders, rawTrailers: target.rawTrailers })
  target.abort(new Error("from below"))
  expect(viewOf(caller)).toMatchObject({ aborted: true, reason: target.reason })

  caller.follow(undefined)
  expect(viewOf(caller)).toEqual(nothing)
})

it("an abort is told once, stops what is under way, and what begins after it", () => {
  const errors: unknown[] = []
  const caller = new CallerSide({ onResponseError: (_controller, error) => errors.push(error) })
  const [under, after] = [new FakeController(), new FakeController()]
  caller.follow(under)
  const reason = new Error("enough")
  caller.abort(reason)
  caller.abort(new Error("again"))
  caller.fail(new Error("late"))
  caller.tell(() => errors.push("an event"))
  caller.follow(after)
  expect(errors).toEqual([reason])
  expect([under.calls, after.calls, caller.reason, caller.signal.reason]).toEqual([
    ["abort"],
    ["abort"],
    reason,
    reason,
  ])
})

it("once the answer is complete, there is nothing to abort, but an error is still told", () => {
  const errors: unknown[] = []
  const caller = new CallerSide({ onResponseError: (_controller, error) => errors.push(error) })
  caller.tell(() => undefined, { isLast: true })
  caller.abort(new Error("too late"))
  expect([errors, caller.aborted]).toEqual([[], false])
  const error = new Error("thrown by the caller at the end")
  caller.fail(error)
  expect(errors).toEqual([error])
})
