import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Runs a program in a process of its own; it may use `TokenWatcher`, `Token`, `TokenError` and `tokenFor(lifetimeMs)`. */
async function run(program: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const script = `
    import { TokenWatcher } from ${JSON.stringify(here("token-watcher.ts"))}
    import { TokenError } from ${JSON.stringify(here("errors.ts"))}
    import { Token } from ${JSON.stringify(here("token.ts"))}
    const tokenFor = (lifetimeMs, { ageMs = 0 } = {}) => {
      const issuedAt = Date.now() - ageMs
      return new Token({ accessToken: "t" + Math.random(), issuedAt, staleAt: issuedAt + lifetimeMs / 2, expiresAt: issuedAt + lifetimeMs })
    }
    const down = () => Promise.reject(new TokenError("ERR_TOKEN_REQUEST", "down", { transient: true }))
    ${program}`
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    cwd: here(".."),
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", TSX_TSCONFIG_PATH: "" },
  })
  const output = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve))
  return { code, ...output }
}

const PATIENCE = { timeout: 60_000 }

test("a watcher that is only watching does not keep the process alive", PATIENCE, async () => {
  const outcome = await run(`
    await TokenWatcher.start({ getToken: async () => tokenFor(3_600_000) })
    process.on("exit", () => console.log("ended by itself"))`)
  expect(outcome).toEqual({ code: 0, stdout: "ended by itself\n", stderr: "" })
})

test("a renewal in flight is finished before the process ends", PATIENCE, async () => {
  const outcome = await run(`
    let asked = 0
    const source = { getToken: async () => {
      if (++asked === 1) return tokenFor(3_600_000, { ageMs: 3_000_000 })
      await new Promise((resolve) => setTimeout(resolve, 200).unref())
      return tokenFor(3_600_000)
    } }
    const watcher = await TokenWatcher.start(source)
    let seen = 0
    watcher.token$.subscribe(() => console.log("token", ++seen))`)
  expect(outcome).toEqual({ code: 0, stdout: "token 1\ntoken 2\n", stderr: "" })
})

test("a start that is awaited keeps the process alive through its retries", PATIENCE, async () => {
  const outcome = await run(`
    let asked = 0
    const watcher = await TokenWatcher.start({ getToken: () => ++asked < 3 ? down() : Promise.resolve(tokenFor(60_000)) })
    console.log("started after", asked)`)
  expect(outcome).toEqual({ code: 0, stdout: "started after 3\n", stderr: "" })
})

test(
  "background failures with nobody listening: no unhandled rejection, no warning, exit code 0",
  PATIENCE,
  async () => {
    const outcome = await run(`
    process.on("warning", (warning) => console.error(warning.name))
    let asked = 0
    const source = { getToken: () => ++asked === 1 ? Promise.resolve(tokenFor(400)) : down() }
    const watcher = await TokenWatcher.start(source, { backoff: { initialMs: 10, minimumMs: 10, maximumMs: 20 } })
    watcher.invalidate(watcher.current())
    const enough = setInterval(() => { if (asked > 5) clearInterval(enough) }, 5)
    process.on("exit", () => console.log("asked more than", Math.min(asked, 5)))`)
    expect(outcome).toEqual({ code: 0, stdout: "asked more than 5\n", stderr: "" })
  },
)

test("close() while a renewal fails, with nobody waiting: no unhandled rejection", PATIENCE, async () => {
  const outcome = await run(`
    let asked = 0
    const source = { getToken: ({ signal } = {}) => ++asked === 1
      ? Promise.resolve(tokenFor(3_600_000, { ageMs: 3_000_000 }))
      : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))) }
    const watcher = await TokenWatcher.start(source)
    await watcher.close()
    console.log("closed after", asked)`)
  expect(outcome).toEqual({ code: 0, stdout: "closed after 2\n", stderr: "" })
})
