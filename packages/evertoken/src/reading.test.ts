import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { CachedTokenSource } from "./cached-token-source.js"
import type { Clock } from "./clock.js"
import { tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { TokenWatcher } from "./token-watcher.js"

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

test("reading a fresh token reads the wall clock once, and the other one not again within a second", async () => {
  const virtual = new VirtualClock()
  let readings: string[] = []
  const clock: Clock = {
    now: () => (readings.push("now"), virtual.now()),
    monotonic: () => (readings.push("monotonic"), virtual.monotonic()),
    setTimer: (...timer) => virtual.setTimer(...timer),
  }
  const cached = new CachedTokenSource({ getToken: async () => tokenOf("a", virtual) }, { clock })
  const watcher = await TokenWatcher.start(cached, { clock })
  const reads = [
    () => watcher.current(),
    () => watcher.atHand(),
    () => watcher.getToken(),
    () => cached.atHand(),
    () => cached.getToken(),
  ]
  for (const read of reads) await read()
  for (const read of reads) {
    readings = []
    const answer = read()
    expect(readings).toEqual(["now"])
    await answer
  }
  await watcher.close()
})

const READS = 10_000_000
const YOUNG_GENERATION_BYTES = 1_048_576
const COLLECTIONS_AT_ONE_BYTE_A_READ = READS / YOUNG_GENERATION_BYTES

// The clock stands still, and returns what is on the heap already. Each loop is compiled before it counts.
const PROGRAM = `
  import { GCProfiler } from "node:v8"
  import { CachedTokenSource } from ${JSON.stringify(here("cached-token-source.ts"))}
  import { systemClock } from ${JSON.stringify(here("clock.ts"))}
  import { Token } from ${JSON.stringify(here("token.ts"))}
  import { TokenWatcher } from ${JSON.stringify(here("token-watcher.ts"))}
  const [issuedAt, monotonic] = [1_700_000_000_000.5, 1_000.5]
  const clock = { now: () => issuedAt, monotonic: () => monotonic, setTimer: systemClock.setTimer }
  const token = new Token({ accessToken: "t", issuedAt, staleAt: issuedAt + 1_000, expiresAt: issuedAt + 2_000 })
  const cached = new CachedTokenSource({ getToken: async () => token }, { clock })
  const watcher = await TokenWatcher.start(cached, { clock })
  let latest
  const loops = {
    "watcher.current()": (times) => { while (times-- > 0) latest = watcher.current() },
    "watcher.atHand()": (times) => { while (times-- > 0) latest = watcher.atHand() },
    "watcher.getToken()": (times) => { while (times-- > 0) latest = watcher.getToken() },
    "cached.getToken()": (times) => { while (times-- > 0) latest = cached.getToken() },
  }
  for (const [read, loop] of Object.entries(loops)) {
    for (let warmUp = 0; warmUp < 100; warmUp++) loop(10_000)
    const profiler = new GCProfiler()
    profiler.start()
    loop(${READS})
    const collections = profiler.stop().statistics.length
    if (collections > ${COLLECTIONS_AT_ONE_BYTE_A_READ}) console.log(read, "caused", collections, "collections")
  }
  await watcher.close()`

test("reading a fresh token allocates nothing but what the clock does", { timeout: 60_000 }, async () => {
  const flags = ["--max-semi-space-size=1", "--import", "tsx", "--input-type=module", "-e", PROGRAM]
  const env = { ...process.env, NODE_OPTIONS: "", TSX_TSCONFIG_PATH: "" }
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: here(".."), env })
  expect(stdout).toBe("")
})
