import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, test } from "vitest"
import { run } from "./runner/run.js"
import { STORES } from "./stores/stores.js"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-scenarios-"))
})
afterEach(() => rm(directory, { recursive: true }))

async function played(...args: string[]) {
  const lines: string[] = []
  const code = await run(args, { defaultScenarios: directory, print: (line) => lines.push(line) })
  return { code, text: lines.join("\n"), last: lines.at(-1) }
}

async function write(scenarios: readonly object[], file = "mine.json") {
  await writeFile(join(directory, file), JSON.stringify({ about: "mine", scenarios }))
}

const because = { name: "mine", why: "a test" }
const oneToken = { getToken: "A", gives: "access-1" }

test("a scenario that is as expected passes on every store", async () => {
  await write([{ ...because, steps: [oneToken] }])
  expect(await played()).toMatchObject({ code: 0, last: `${STORES.length} passed, 0 failed` })
})

test("a wrong expectation fails, and tells scenario, step, expected and seen", async () => {
  await write([{ ...because, steps: [oneToken, { expect: { requests: 2 } }] }])
  const { code, text, last } = await played("--store", "memory")
  expect(code).toBe(1)
  expect(text).toContain("FAILED  mine [memory]")
  expect(text).toContain('mine.json, step 2: {"expect":{"requests":2}}')
  expect(text).toMatch(/requests to the issuer\n +expected +2\n +seen +1\n/)
  expect(last).toBe("0 passed, 1 failed")
})

const wrong: readonly (readonly [string, object])[] = [
  ["the token", { getToken: "A", gives: "access-2" }],
  ["the error", { getToken: "A", fails: "ERR_TOKEN_EXPIRED" }],
  ["that it takes no time", { getToken: "A", newerThan: "access-1", gives: "access-2", within: "1 ms" }],
  ["the current token", { read: "A", gives: "access-2" }],
  ["what was presented", { expect: { presented: [] } }],
  ["the token in the store", { expect: { store: { token: "access-2" } } }],
  ["the refresh token in the store", { expect: { store: { refreshToken: "refresh-1" } } }],
  ["that somebody has signed out", { expect: { store: { signedOut: true } } }],
  ["the scope", { expect: { store: { scope: "write" } } }],
  ["the lifetime", { expect: { store: { lifetime: { from: "1 s", to: "2 s" } } } }],
  ["the status", { expect: { status: "stale" } }],
  ["that it is renewing", { expect: { renewing: true } }],
  ["the attempts", { expect: { attempts: { atLeast: 1 } } }],
  ["the last error", { expect: { lastError: "ERR_TOKEN_EXPIRED" } }],
  ["that no renewal is planned", { expect: { nextRenewal: "none" } }],
  ["when the renewal is planned", { expect: { nextRenewal: { from: "1 s", to: "2 s" } } }],
  ["what was emitted", { expect: { emitted: [] } }],
  ["the events", { expect: { events: { renewed: 0 } } }],
  ["the live grants", { expect: { liveGrants: 2 } }],
  ["what is pending", { expect: { pending: ["nothing"] } }],
]

test.each(wrong)("a wrong expectation of %s fails", async (_what, step) => {
  const given = { source: "refresh token" }
  await write([{ ...because, given, steps: [{ start: "A", gives: "access-1" }, step] }])
  expect(await played("--store", "memory")).toMatchObject({ code: 1, last: "0 passed, 1 failed" })
})

test.each([
  ["transient", { transient: false }],
  ["retryAfter", { retryAfter: { from: "1 h", to: "2 h" } }],
  ["status", { status: 500 }],
  ["oauth", { oauth: "invalid_grant" }],
  ["cause", { cause: "none" }],
])("a wrong expectation of an error's %s fails", async (_name, error) => {
  const refused = { getToken: "A", fails: "ERR_TOKEN_RESPONSE" }
  const steps = [{ issuer: { next: ["unavailable"] } }, { ...refused, error }]
  await write([{ ...because, steps }])
  expect(await played("--store", "memory")).toMatchObject({ code: 1 })
})

test("a spent refresh token that is presented again fails a scenario that allows no reuse", async () => {
  const given = { source: "refresh token" }
  const steps = [{ issuer: { next: ["loses the answer"] } }, { getToken: "A", fails: "ERR_TOKEN_REQUEST" }]
  const retry = [{ advance: "20 s" }, { getToken: "A", fails: "ERR_REAUTHENTICATION_REQUIRED" }]
  await write([{ ...because, given, steps: [...steps, ...retry] }])
  const { code, text } = await played("--store", "memory")
  expect(code).toBe(1)
  expect(text).toMatch(/at the end\n +spent refresh tokens presented again\n +expected +0\n +seen +1/)
})

test("a step that makes no sense fails, and says why", async () => {
  await write([{ ...because, steps: [{ await: "nothing" }] }])
  const { code, text } = await played("--store", "memory")
  expect(code).toBe(1)
  expect(text).toContain('nothing was begun as "nothing"')
})

test("an unknown kind of step is refused with file, path and what there is", async () => {
  await write([{ ...because, steps: [oneToken, { dance: "A" }] }])
  const { code, text } = await played()
  expect(code).toBe(2)
  expect(text).toContain(join(directory, "mine.json"))
  expect(text).toContain("scenarios[0].steps[1]: no such step. A step has one of: start, read, getToken,")
})

test("a mistake within a step is refused with its path, and how to write it", async () => {
  await write([{ ...because, steps: [{ advance: "10 seconds" }] }])
  const { code, text } = await played()
  expect(code).toBe(2)
  expect(text).toContain('scenarios[0].steps[0].advance: write a length of time as "250 ms"')
  expect(text).toContain('got "10 seconds"')
})

test("a property that does not exist is refused: a misspelt expectation would check nothing", async () => {
  await write([{ ...because, steps: [{ expect: { request: 1 } }] }])
  const { code, text } = await played()
  expect(code).toBe(2)
  expect(text).toMatch(/scenarios\[0\]\.steps\[0\]\.expect: Unrecognized key: "request"/)
})

test("a file that is no JSON, a name used twice and an empty directory are refused", async () => {
  expect(await played()).toMatchObject({ code: 2, last: expect.stringContaining("has no *.json files") as unknown })
  await write([{ ...because, steps: [oneToken] }])
  await write([{ ...because, steps: [oneToken] }], "other.json")
  expect(await played()).toMatchObject({
    code: 2,
    last: expect.stringContaining('the name "mine" is used in') as unknown,
  })
  await writeFile(join(directory, "broken.json"), "{")
  expect(await played()).toMatchObject({ code: 2, last: expect.stringContaining("broken.json: is no JSON") as unknown })
})

test("a directory that is not there, an unknown store and an unknown option are refused", async () => {
  await write([{ ...because, steps: [oneToken] }])
  expect(await played("--scenarios", join(directory, "nowhere"))).toMatchObject({ code: 2 })
  expect(await played("--store", "cloud")).toMatchObject({
    code: 2,
    text: expect.stringContaining("memory, file") as unknown,
  })
  expect(await played("--stores", "memory")).toMatchObject({ code: 2, last: "See --help." })
  expect(await played("--only", "nothing")).toMatchObject({ code: 2 })
})

test("--only plays the scenarios with that text in their name, --store one store", async () => {
  await write([
    { ...because, steps: [oneToken] },
    { ...because, name: "other", steps: [oneToken] },
  ])
  const { text, last } = await played("--only", "oth", "--store", "memory")
  expect(text).toContain("ok      other [memory]")
  expect(last).toBe("1 passed, 0 failed")
})

test("a scenario for other stores is not played, and that is told", async () => {
  await write([
    { ...because, stores: ["file"], steps: [oneToken] },
    { ...because, name: "other", steps: [oneToken] },
  ])
  const { text, last } = await played("--store", "memory")
  expect(text).toContain("1 not played")
  expect(last).toBe("1 passed, 0 failed")
})

test("--help teaches the command, --schema prints the format", async () => {
  expect((await played("--help")).text).toContain("--scenarios DIR")
  expect(JSON.parse((await played("--schema")).text)).toMatchObject({ type: "object" })
})

test("the same scenario takes the same course each time", async () => {
  const steps = [{ start: "A", gives: "access-1" }, { expect: { nextRenewal: "none" } }]
  await write([{ ...because, given: { token: "fresh" }, steps }])
  const first = await played("--store", "memory")
  expect(await played("--store", "memory")).toEqual(first)
})

test("the file that the guide shows is one, and passes on every store", async () => {
  const guide = await readFile(new URL("scenarios/README.md", import.meta.url), "utf8")
  const [, example = ""] = /```json\n(.*?)```/s.exec(guide) ?? []
  await writeFile(join(directory, "shown.json"), example)
  expect(await played()).toMatchObject({ code: 0, last: `${STORES.length} passed, 0 failed` })
})

test("the example of --only in the README and in the help plays some of the scenarios there are", async () => {
  const readme = await readFile(new URL("README.md", import.meta.url), "utf8")
  const examples = [readme, (await played("--help")).text].map(
    (text) => /^ *npm run conformance -- --store file --only "([^"]+)"/m.exec(text)?.[1] ?? "no example",
  )
  const defaultScenarios = fileURLToPath(new URL("scenarios", import.meta.url))
  for (const only of examples) {
    const lines: string[] = []
    const print = (line: string) => lines.push(line)
    expect(await run(["--store", "file", "--only", only], { defaultScenarios, print })).toBe(0)
    expect(lines.at(-1)).toMatch(/^[1-9]\d* passed, 0 failed/)
  }
})
