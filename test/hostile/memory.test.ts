import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { leaksIn } from "./canaries.js"
import { headers } from "./cases/headers.js"
import { sizes } from "./cases/sizes.js"
import { stalls } from "./cases/stalls.js"
import { answer, answering, granted } from "./hostile-case.js"
import { RawServer, type Behaviour } from "./raw-server.js"

/** How often the client asks each issuer: its rounds, times those at once. */
const ASKED = 2 * 4

const run = promisify(execFile)
const CLIENT = fileURLToPath(new URL("memory-client.ts", import.meta.url))

interface Report {
  readonly endings: Readonly<Record<string, number>>
  readonly peakMegabytes: number
}

async function reportOf(behaviours: readonly Behaviour[]): Promise<Report> {
  const servers = await Promise.all(behaviours.map((behaviour) => RawServer.start(behaviour)))
  try {
    const urls = servers.map((server) => server.url("/token"))
    const env = { ...process.env, HOSTILE_URLS: JSON.stringify(urls) }
    const options = { env, timeout: 120_000, killSignal: "SIGKILL" as const }
    const args = ["--max-old-space-size=64", "--import", "tsx", CLIENT]
    const { stdout, stderr } = await run(process.execPath, args, options)
    expect(stderr).toBe("")
    expect(leaksIn(stdout)).toEqual([])
    return JSON.parse(stdout) as Report
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  }
}

const others = [...headers, ...stalls].filter(({ title }) => /flood|10,000 headers|header of 1 MB/.test(title))
const endless = [...sizes, ...others].filter(({ ends }) => ends !== "a token")
// the most is what JSON.parse makes of a million brackets, before it is thrown away
const MOST_MEGABYTES = 256

it("issuers that send gigabytes are survived in 64 MB of heap and not much more, several at once", async () => {
  const good = await reportOf([answering(() => answer(granted()))])
  expect(good.endings).toEqual({ "a token": ASKED })

  const { endings, peakMegabytes } = await reportOf(endless.map(({ play }) => play))
  expect(Object.keys(endings).filter((name) => !name.startsWith("ERR_TOKEN_"))).toEqual([])
  expect(Object.values(endings).reduce((sum, count) => sum + count, 0)).toBe(endless.length * ASKED)
  expect(peakMegabytes - good.peakMegabytes).toBeLessThan(MOST_MEGABYTES)
})
