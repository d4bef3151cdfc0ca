import { expect, test } from "vitest"
import { homeOf, problemsOf, programsOf } from "../readme/compiled.js"
import { pages } from "../readme/documents.js"

test("every program of a page that needs an SDK compiles as it is printed", async () => {
  const all = (await pages()).flatMap(programsOf)
  const homes = await Promise.all(all.map(homeOf))
  const programs = all.filter((_, i) => homes[i] === "test/adapters")
  expect(programs.length).toBeGreaterThan(1)
  expect(await problemsOf(programs, "test/adapters")).toEqual([])
})
