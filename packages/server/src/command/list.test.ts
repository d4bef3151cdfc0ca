import { spawn } from "node:child_process"
import { once as eventOf } from "node:events"
import { mkdir } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"
import { systemClock, type Clock } from "evertoken"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createLog } from "../http/log.js"
import { RunningServer } from "../process/running-server.js"
import { commandUnderTest } from "../testing/command-under-test.js"
import type { TokenStatus } from "../tokens/token-status.js"
import { glyphsFor, lifeBar } from "./life-bar.js"
import { paintFor, plain } from "./paint.js"
import { boardOf } from "./status-board.js"
import { tableOf } from "./status-table.js"

const glyphs = glyphsFor({ LANG: "C.UTF-8" })
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))
const MINUTE_MS = 60_000
const TTY = { columns: 100, rows: 30 }
/** What looks again, looks at once. */
const hurried: Clock = { ...systemClock, setTimer: (callback) => systemClock.setTimer(callback, 5) }

beforeEach(() => {
  for (const name of ["NO_COLOR", "FORCE_COLOR", "LC_ALL", "LC_CTYPE"]) vi.stubEnv(name, undefined)
  vi.stubEnv("LANG", "C.UTF-8")
  vi.stubEnv("TERM", "xterm")
})
afterEach(() => void vi.unstubAllEnvs())

function statusOf(others: Partial<TokenStatus> = {}): TokenStatus {
  return {
    ...{ name: "billing", grant: "client_credentials", clientId: "app", store: "file", isEncrypted: true },
    ...{ status: "fresh", isRenewing: false, attempts: 0, canSignIn: false, isSigningIn: false },
    ...{ issuedAt: 0, staleAt: 15 * MINUTE_MS, expiresAt: 20 * MINUTE_MS, nextRenewalAt: 12 * MINUTE_MS },
    ...others,
  }
}

describe("the life of a token", () => {
  const bar = (status: TokenStatus, now: number, paint = plain) =>
    lifeBar(status, { now, width: 20, glyphs: glyphsFor({ LANG: "C" }), paint })

  test.runIf(process.platform === "linux")("is a bar with what is fresh, stale, now, and the next attempt", () => {
    expect(bar(statusOf(), 5 * MINUTE_MS)).toBe("=====o======*==-----")
    expect(bar(statusOf(), 0)).toBe("o===========*==-----")
    // an attempt that is over is none that comes
    expect(bar(statusOf(), 16 * MINUTE_MS)).toBe("===============-o---")
  })

  test("stays within its room when it is over, or not yet there by this clock", () => {
    expect(bar(statusOf(), 999 * MINUTE_MS)).toMatch(/^[^o]{19}o$/)
    expect(bar(statusOf(), -999 * MINUTE_MS)).toMatch(/^o.{19}$/)
  })

  test("is nothing where there is no token", () => {
    const none = { issuedAt: undefined, expiresAt: undefined, staleAt: undefined }
    expect(bar(statusOf(none), 0)).toMatch(/^(.)\1{19}$/)
    expect(bar(statusOf({ expiresAt: 0 }), 0)).toMatch(/^(.)\1{19}$/)
    expect(bar(statusOf({ staleAt: undefined, nextRenewalAt: undefined }), 0)).toMatch(/^o(.)\1{18}$/)
  })

  test("has one mark a cell, coloured or not", () => {
    const painted = bar(statusOf(), 5 * MINUTE_MS, paintFor(process.stdout, { FORCE_COLOR: "1" }))
    expect(stripVTControlCharacters(painted)).toBe(bar(statusOf(), 5 * MINUTE_MS))
    expect(painted).not.toBe(stripVTControlCharacters(painted))
  })
})

test.each([
  { isTTY: true, env: {}, coloured: true },
  { isTTY: false, env: {}, coloured: false },
  { isTTY: true, env: { NO_COLOR: "1" }, coloured: false },
  { isTTY: true, env: { NO_COLOR: "" }, coloured: true },
  { isTTY: true, env: { TERM: "dumb" }, coloured: false },
  { isTTY: false, env: { FORCE_COLOR: "1" }, coloured: true },
  { isTTY: true, env: { FORCE_COLOR: "0" }, coloured: false },
  { isTTY: false, env: { FORCE_COLOR: "1", NO_COLOR: "1" }, coloured: true },
])("colour on a terminal ($isTTY) with $env: $coloured", ({ isTTY, env, coloured }) => {
  const stream = Object.assign(Object.create(process.stdout) as typeof process.stdout, { isTTY })
  expect(paintFor(stream, env)("text", "red") !== "text").toBe(coloured)
})

describe("for a terminal", () => {
  const board = (statuses: readonly TokenStatus[], width = 80) =>
    boardOf(statuses, { now: 5 * MINUTE_MS, width, glyphs, paint: plain })

  test("no line is longer than it is wide, and the bar is left out where it has no room", () => {
    const statuses = [statusOf(), statusOf({ name: "n".repeat(64), isEncrypted: false })]
    for (const width of [70, 80, 120, 300]) {
      const lines = board(statuses, width)
      expect(lines[1]).toContain(glyphs.now)
      expect(Math.max(...lines.slice(0, 3).map((line) => line.length))).toBeLessThanOrEqual(width)
    }
    expect(board(statuses, 50).join("\n")).not.toContain(glyphs.now)
  })

  test("what went wrong, and what is to be done, is told below the token", () => {
    const lastError = { code: "ERR_X", message: "refused\u001b[2J", hint: "Do this.", transient: false, at: 0 }
    const status = "reauthentication-required"
    const lines = board([statusOf({ status, canSignIn: true, lastError, signInError: "denied" })])
    expect(lines[1]).toContain("sign-in needed")
    expect(lines.slice(2, 5)).toEqual(["  refused?[2J", "  Do this.", "  the sign-in has failed: denied"])
    // as on the dashboard: nobody can sign in for it
    expect(board([statusOf({ status })])[1]).toContain("new grant needed")
    const narrow = board([statusOf({ lastError: { ...lastError, message: "it refuses what was given" } })], 20)
    expect(narrow.slice(2, 5)).toEqual(["  it refuses what", "  was given", "  Do this."])
  })

  test("who has no tokens yet is told what to do, and who keeps some readable, which", () => {
    expect(board([]).join()).toContain("evertoken init")
    expect(board([statusOf({ isEncrypted: false })]).join()).toContain("Tokens are NOT encrypted")
    expect(board([statusOf(), statusOf({ name: "b", isEncrypted: false })]).join()).toContain(
      "b: they are NOT encrypted",
    )
  })
})

test("elsewhere all is told in words", () => {
  const failing = { status: "stale", attempts: 2, isEncrypted: false } as const
  const statuses = [
    statusOf(),
    statusOf({ ...failing, name: "crm" }),
    statusOf({ name: "d", isRenewing: true, attempts: 1 }),
    statusOf({ name: "e", nextRenewalAt: 0, isSigningIn: true }),
    statusOf({ name: "f", status: "signed-out", nextRenewalAt: undefined, expiresAt: 5 * MINUTE_MS }),
  ]
  expect(tableOf(statuses, 5 * MINUTE_MS)).toBe(
    [
      "NAME     STATUS      EXPIRES    RENEWS                   GRANT               STORE",
      "billing  fresh       in 15 min  in 7 min                 client_credentials  file",
      "crm      stale       in 15 min  in 7 min (failed twice)  client_credentials  file (not encrypted)",
      "d        fresh       in 15 min  now (failed once)        client_credentials  file",
      "e        signing in  in 15 min  now                      client_credentials  file",
      "f        signed out  0 s ago    -                        client_credentials  file",
      "",
    ].join("\n"),
  )
})

describe("list --watch", () => {
  /** Runs it, and each step once what was written since the last one matches; when all are done, Ctrl-C. */
  async function watched(
    at: Awaited<ReturnType<typeof commandUnderTest>>,
    args: readonly string[],
    steps: readonly { readonly when: RegExp; readonly act?: () => unknown }[],
    size?: typeof TTY,
  ) {
    let [step, from] = [0, 0]
    const acts: unknown[] = []
    const onAny = (all: string) => {
      const next = steps[step]
      if (next?.when.test(stripVTControlCharacters(all.slice(from))) !== true) return
      step++
      from = all.length
      acts.push(next.act?.())
      if (step === steps.length) void Promise.all(acts).then(() => process.emit("SIGINT"))
    }
    return at.run(["list", "--watch", ...args], { onOut: onAny, clock: hurried, ...(size && { size }) })
  }

  test("draws on a screen of its own, anew at each change and size, and leaves the terminal as it was", async () => {
    await using at = await commandUnderTest(true)
    const set = () => at.run(["set", "mail"], "canary-mail")
    const { code, out, err } = await watched(
      at,
      [],
      [{ when: /mail +.*sign-in needed/, act: set }, { when: /mail +fresh/ }],
      TTY,
    )
    expect([code, err]).toEqual([0, ""])
    expect(out.startsWith("\u001b[?1049h\u001b[?25l")).toBe(true)
    expect(out.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true)
    expect(out).not.toContain("canary")
  })

  test("cuts what has no room", async () => {
    await using at = await commandUnderTest(true)
    const { out } = await watched(at, [], [{ when: /Ctrl-C|…/ }], { columns: 30, rows: 3 })
    const lines = stripVTControlCharacters(out).split("\r\n")
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(30)
    expect(lines).toHaveLength(3)
  })

  test("elsewhere tells in words, and only what changes", async () => {
    await using at = await commandUnderTest(false)
    const set = () => at.run(["set", "mail"], "canary-mail")
    const { out, err } = await watched(at, [], [{ when: /mail +no token yet/, act: set }, { when: /mail +fresh/ }])
    expect(out.match(/NAME/g)).toHaveLength(2)
    expect(err).toBe("evertoken: no server is running: this is what the stores hold\n")
  })

  test("with --json it is an array a line", async () => {
    await using at = await commandUnderTest(true)
    const { out } = await watched(at, ["--json"], [{ when: /\n/ }])
    const [line = ""] = out.split("\n")
    expect(JSON.parse(line)).toMatchObject([{ name: "billing" }, { name: "mail" }])
  })

  test("a server that ends and one that begins are noticed", async () => {
    await using at = await commandUnderTest(false)
    const config = at.place.config(at.tokens)
    let server: RunningServer | undefined
    let closed: Promise<void> | undefined
    const start = async () => {
      server = await RunningServer.start(config, { log: createLog({ level: "silent" }) })
    }
    const steps = [
      { when: /no server is running/, act: start },
      { when: /sign-in needed(?!.*no server)/s, act: () => void (closed = server?.close()) },
      { when: /no server is running/ },
    ]
    expect((await watched(at, [], steps, TTY)).code).toBe(0)
    await closed
  })

  test("what was known stays while the server gives no sense, and that is told", async () => {
    await using at = await commandUnderTest(false)
    await mkdir(join(at.place.directory, "run"), { mode: 0o700 })
    let answer = JSON.stringify({ tokens: [statusOf()] })
    const server = createServer((_request, response) => response.end(answer))
    server.listen(at.place.socket)
    await eventOf(server, "listening")
    const steps = [
      { when: /billing +fresh/, act: () => void (answer = "<html>") },
      { when: /billing +fresh[^]*trying again/ },
    ]
    expect((await watched(at, [], steps, TTY)).code).toBe(0)
    const [said, again] = [await at.run(["list"]), await at.run(["list", "--watch"])]
    expect([said.code, again.code]).toEqual([5, 5])
    server.closeAllConnections()
    server.close()
  })

  test("who reads no more ends it", async () => {
    await using at = await commandUnderTest(false)
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, "list", "--config", at.place.file])
    child.stdout.destroy()
    const err = text(child.stderr)
    expect(await eventOf(child, "exit")).toEqual([141, null])
    expect(await err).toBe("")
  })

  test("a configuration that is wrong ends it before it begins", async () => {
    await using at = await commandUnderTest(false)
    await at.place.write({ billing: { grant: "none" } })
    expect((await at.run(["list", "--watch"], { size: TTY })).code).toBe(2)
  })
})

test("on a terminal list shows bars once", async () => {
  await using at = await commandUnderTest(true)
  await at.run(["get", "billing"])
  const { out } = await at.run(["list"], { size: TTY })
  expect(stripVTControlCharacters(out)).toMatch(new RegExp(`billing +fresh +${glyphs.now}`))
})
