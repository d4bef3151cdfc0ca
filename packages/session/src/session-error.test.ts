import { inspect } from "node:util"
import { expect, test } from "vitest"
import { SessionError } from "./session-error.js"

test("a SessionError says by its code what to do", () => {
  const error = new SessionError("ERR_NOT_SIGNED_IN", "nobody is signed in")
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: "SessionError", code: "ERR_NOT_SIGNED_IN", message: "nobody is signed in" })
})

test("it has no property for what nobody said", () => {
  const error = new SessionError("ERR_COOKIE_REFUSED", "no", { cause: undefined, remaining: undefined })
  expect(Object.keys(error).sort()).toEqual(["code", "name"])
  expect("cause" in error).toBe(false)
})

test("of a deletion it says what remains, whatever becomes of the list it was given", () => {
  const cause = new Error("connection lost")
  const remaining = ["refresh", "calendar"]
  const error = new SessionError("ERR_DELETION_INCOMPLETE", "not all", { remaining, cause })
  remaining.pop()
  expect(error.remaining).toEqual(["refresh", "calendar"])
  expect(Object.isFrozen(error.remaining)).toBe(true)
  expect(error.cause).toBe(cause)
  expect(inspect(error)).toContain("ERR_DELETION_INCOMPLETE")
})
