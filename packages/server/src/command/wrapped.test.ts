import { expect, test } from "vitest"
import { wrapped } from "./wrapped.js"

test("a note is broken between its words, and stays indented; a URL stays whole", () => {
  expect(wrapped("no answer: ECONNREFUSED", 80)).toEqual(["  no answer: ECONNREFUSED"])
  expect(wrapped("look at the network, the proxy", 16)).toEqual(["  look at the", "  network, the", "  proxy"])
  expect(wrapped("there is nothing at https://id.example.com/nothing here", 20)).toEqual([
    ...["  there is nothing", "  at", "  https://id.example.com/nothing", "  here"],
  ])
})
