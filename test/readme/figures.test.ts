import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { noJitter, TokenError, TokenWatcher, tokenSourceFrom } from "evertoken"
import { seededRandom, VirtualClock } from "evertoken/testing"
import { expect, test } from "vitest"
import { EVERTOKEN, peers } from "../torture/peers.js"
import { programsOf } from "./compiled.js"
import { pages, ROOT } from "./documents.js"

const MINUTE = 60_000
const readme = await readFile(join(ROOT, "README.md"), "utf8")

/** The numbers in a sentence of the README. */
function numbersIn(sentence: RegExp): readonly number[] {
  return (sentence.exec(readme) ?? []).slice(1).map(Number)
}

/** A watcher of tokens for an hour, on a clock of its own, and an issuer that can be down. */
function watching(seed: number) {
  const clock = new VirtualClock()
  const issuer = { isDown: false, issued: 0 }
  const ask = () => {
    if (issuer.isDown) throw new TokenError("ERR_TOKEN_REQUEST", "it is down", { transient: true })
    return { accessToken: `token-${++issuer.issued}`, expiresInSeconds: 3600 }
  }
  const source = tokenSourceFrom(ask, { clock })
  const start = () => TokenWatcher.start(source, { clock, random: seededRandom(seed), jitter: noJitter })
  return { clock, issuer, start }
}

test.each([1, 2, 3, 4, 5])("the picture of the README is what a watcher does, seed %i", async (seed) => {
  const [freshFor = 0, down = 0, up = 0] = numbersIn(/fresh for (\d+) minutes\. .* down from minute (\d+) to (\d+):/)
  expect(readme).toContain("the next token is there within a minute")
  const { clock, issuer, start } = watching(seed)
  const watcher = await start()
  const states: string[] = []
  watcher.state$.subscribe(({ status }) => states.push(status))
  for (let minute = 0; minute < 90; minute++) {
    issuer.isDown = minute >= down && minute < up
    if (minute < freshFor) expect(states.at(-1)).toBe("fresh")
    if (minute === freshFor + 1) expect(states.at(-1)).toBe("stale")
    expect(watcher.current().accessToken).toBe(minute <= up ? "token-1" : "token-2")
    await clock.advance(MINUTE)
  }
  await watcher.close()
})

test("an issuer that cannot be reached at the start is asked again for as long as the README says", async () => {
  const [seconds = 0] = numbersIn(/is asked again for\s+(\d+) seconds; then `start` throws/)
  const { clock, issuer, start } = watching(1)
  issuer.isDown = true
  let error: unknown
  const started = start().catch((thrown: unknown) => (error = thrown))
  await clock.advance(seconds * 1_000 - 1)
  expect(error).toBeUndefined()
  await clock.advance(1)
  await started
  expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST" })
})

test("the README asks for the Node.js that the packages ask for", async () => {
  const [, version = ""] = /^Node\.js ([\d.]+) or newer/m.exec(readme) ?? []
  for (const folder of ["", "packages/evertoken", "packages/server", "packages/session"]) {
    const manifest = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as object
    expect(manifest).toMatchObject({ engines: { node: `>=${version}` } })
  }
})

test("each peer has an example of migrating from it, and the README counts them", async () => {
  const guides = (await pages()).filter(({ path }) => path.startsWith("docs/migrating"))
  const programs = guides.flatMap(programsOf).map(({ text }) => text)
  const others = peers.filter((peer) => peer !== EVERTOKEN)
  const missing = others.filter((peer) => !programs.some((text) => text.includes(`from "${peer.package}"`)))
  expect(missing.map(({ name }) => name)).toEqual([])
  expect([others.length, readme]).toEqual([9, expect.stringContaining("from nine other libraries")])
})

test("a figure that is linked to results stands in them", async () => {
  const all = await pages()
  const quoted = all.flatMap(({ path, text }) =>
    [...text.matchAll(/\[([^\]]*\d[^\]]*)\]\((\S*RESULTS\.md)\)/g)].map(([, said = "", link = ""]) => {
      const file = join(path, "..", link)
      const results = all.find((page) => page.path === file)?.text.replaceAll(/(\d),(?=\d{3})/g, "$1") ?? ""
      const figures = said.replaceAll(/(\d),(?=\d{3})/g, "$1").match(/\d+(\.\d+)?( [mµn]?s\b)?/g) ?? []
      return {
        path,
        said,
        stands: figures.every((figure) => new RegExp(`(?<![\\d.])${figure}(?![\\d.])`).test(results)),
      }
    }),
  )
  expect(quoted.length).toBeGreaterThan(1)
  expect(quoted.filter(({ stands }) => !stands)).toEqual([])
})
