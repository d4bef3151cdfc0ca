import { expect, test } from "vitest"
import { skipped } from "../servers/apt-install.js"
import { providePeers } from "../torture/install-peers.js"
import { homeOf, problemsOf, programsOf, type Home, type PrintedProgram } from "./compiled.js"
import { pages } from "./documents.js"

async function programsFor(home: Home): Promise<readonly PrintedProgram[]> {
  const all = (await pages()).flatMap(programsOf)
  const homes = await Promise.all(all.map(homeOf))
  return all.filter((_, i) => homes[i] === home)
}

test("every program of every page compiles as it is printed", async () => {
  const programs = await programsFor("test")
  expect(programs.length).toBeGreaterThan(15)
  expect(await problemsOf(programs, "test")).toEqual([])
})

test("what other libraries' programs looked like before compiles, too, with those installed", async () => {
  const programs = await programsFor("test/peers")
  if (!providePeers()) return void skipped("other libraries cannot be installed")
  expect(await problemsOf(programs, "test/peers")).toEqual([])
})

test("a program that does not compile is told by its page and line", async () => {
  const text = 'Page\n\n```ts\nimport { posix } from "node:path"\n```\n\nGoes on:\n\n```ts\nposix.nothing()\n```\n'
  const programs = programsOf({ path: "docs/page.md", text })
  expect(await problemsOf(programs, "test")).toEqual([
    "docs/page.md:10: error TS2339: Property 'nothing' does not exist on type 'PlatformPath'.",
  ])
})
