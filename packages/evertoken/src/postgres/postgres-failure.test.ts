import { inspect } from "node:util"
import { expect, test } from "vitest"
import { TokenError } from "../errors.js"
import { failureOf, isUndone } from "./postgres-failure.js"

const DOING = "read a token in public.evertoken"
const errorOf = (code: string | undefined, message = "canary") => Object.assign(new Error(message), code && { code })
const messageOf = (error: unknown) => failureOf(DOING, error).message

test.each([
  ["3F000", /call PostgresTokenCache.migrate\(connection\) first/],
  ["42P01", /call PostgresTokenCache.migrate\(connection\) first/],
  ["42703", /another version: call PostgresTokenCache.migrate/],
  ["42501", /permission denied: the user needs SELECT/],
])("what only a person can mend says so: SQLSTATE %s", (code, words) => {
  expect(failureOf(DOING, errorOf(code))).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false })
  expect(messageOf(errorOf(code))).toMatch(words)
})

test.each([
  ["25006", "the database is read-only"],
  ["28P01", "the login was refused"],
  ["53100", "the server's disk is full"],
  ["53200", "the server is out of memory"],
  ["57P01", "the server is shutting down"],
  ["08006", "the connection broke"],
  ["XX000", "the server refused it (SQLSTATE XX000)"],
  ["ECONNREFUSED", "nothing answers at its address"],
  ["EPIPE", "EPIPE, the connection broke"],
  ["EINVAL", "EINVAL, the system refused it"],
])("what may pass says what it is: %s", (code, words) => {
  expect(failureOf(DOING, errorOf(code))).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
  expect(messageOf(errorOf(code))).toContain(`postgres: cannot ${DOING}: `)
  expect(messageOf(errorOf(code))).toContain(words)
})

test.each([
  ["Query read timeout", "it does not answer"],
  ["timeout exceeded when trying to connect", "the pool had no connection to lend"],
  ["Connection terminated unexpectedly", "the connection broke"],
  ["Cannot use a pool after calling end on the pool", "close the cache before it"],
  ["PGlite is closed", "close the cache before it"],
  ["canary", "the client failed"],
])("what a client has no code for is told apart by its words: %s", (message, words) => {
  expect(messageOf(errorOf(undefined, message))).toContain(words)
})

test("when no address of a host can be connected to, the first one's error is told", () => {
  expect(messageOf(new AggregateError([errorOf("ECONNREFUSED"), errorOf("EHOSTUNREACH")]))).toContain("ECONNREFUSED")
})

test.each([errorOf("XX000"), errorOf("28P01"), errorOf("postgres://canary"), errorOf(undefined), "canary", undefined])(
  "nothing of a client's error is in ours, since it may quote a connection string: %#",
  (error) => {
    const failure = failureOf(DOING, error)
    expect(failure.cause).toBeUndefined()
    expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain("canary")
  },
)

test("an error of our own passes", () => {
  const error = new TokenError("ERR_TOKEN_CACHE", "ours", { transient: false })
  expect(failureOf(DOING, error)).toBe(error)
})

test.each([
  ["40001", true],
  ["40P01", true],
  ["23505", true],
  ["42P06", true],
  ["42P07", true],
  ["42P01", false],
])("only what the server undid for the sake of another is done again: SQLSTATE %s", (code, expected) => {
  expect(isUndone(errorOf(code))).toBe(expected)
})
