// Runs a command, and looks for canaries in all that it lets out: what it prints, the events that the library publishes in
// any of its processes, the names of its temporary files, the titles and command lines of its processes. The tests'
// issuers give out canaries for secrets.
//
//   node scripts/secret-scan.js [--canary TEXT] [--without-events] COMMAND ARGUMENT...
//
// --without-events: for tests that count who listens.
//
// Exit code: the command's; 1 if a canary was seen, or nothing was there to be looked at.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { leakFinder } from "./secret-scan/leaks.js"
import { processTitles, temporaryNames } from "./secret-scan/samples.js"

const SAMPLE_EVERY_MS = 250
const LONGEST_CANARY = 1_000

class SecretScan {
  #findLeak
  #leaks = new Map()
  #names = new Set()
  #pids = new Set()
  #characters = 0

  constructor(canary) {
    this.#findLeak = leakFinder(canary)
  }

  get leaks() {
    return [...this.#leaks.values()]
  }

  /** Passes on what a stream gives. */
  async follow(stream, { to, as }) {
    let tail = ""
    stream.setEncoding("utf8")
    for await (const chunk of stream) {
      to.write(chunk)
      this.#characters += chunk.length
      const text = tail + chunk
      this.look(text, as)
      tail = text.slice(-LONGEST_CANARY)
    }
  }

  async sample(root) {
    for (const name of await temporaryNames()) {
      this.#names.add(name)
      this.look(name, "the name of a file")
    }
    for (const [pid, title] of await processTitles(root)) {
      this.#pids.add(pid)
      this.look(title, "the title or command line of a process")
    }
  }

  look(text, where) {
    const leak = this.#findLeak(text)
    if (leak === undefined) return
    const at = text.indexOf(leak)
    // seen once more, it is no other one
    const key = `${where} ${text.slice(at, at + 30)}`
    if (!this.#leaks.has(key))
      this.#leaks.set(key, `${where}: …${JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))}…`)
  }

  /** What was looked at, in words. */
  summary(channels) {
    const size = `${(this.#characters / 1_000).toFixed(0)} kB of output`
    return `${size}, ${channels} kinds of events, ${this.#names.size} names of files, ${this.#pids.size} processes`
  }
}

async function scanRun(command, { canary, hears }) {
  const directory = await mkdtemp(join(tmpdir(), "secret-scan-"))
  const listener = import.meta.resolve("./secret-scan/listener.js")
  const { NODE_OPTIONS = "" } = process.env
  const hearing = {
    NODE_OPTIONS: `${NODE_OPTIONS} --import=${listener}`.trim(),
    SECRET_SCAN_DIRECTORY: directory,
    SECRET_SCAN_CANARY: canary,
  }
  // A shell, because npm is a .cmd file on Windows.
  const child = spawn(command, {
    shell: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: hears ? { ...process.env, ...hearing } : process.env,
  })
  const scan = new SecretScan(canary)
  const ended = once(child, "close").then(([code]) => ({ code }))
  const followed = Promise.all([
    scan.follow(child.stdout, { to: process.stdout, as: "standard output" }),
    scan.follow(child.stderr, { to: process.stderr, as: "standard error" }),
  ])
  let end
  while (end === undefined) {
    await scan.sample(child.pid)
    await appendFile(join(directory, "samples"), ".")
    end = await Promise.race([ended, wait(SAMPLE_EVERY_MS)])
  }
  await followed
  const linesOf = async (name) =>
    (await readFile(join(directory, name), "utf8").catch(() => "")).split("\n").slice(0, -1)
  for (const line of await linesOf("leaks")) scan.look(line, "an event")
  const channels = new Set(await linesOf("channels")).size
  await rm(directory, { recursive: true, force: true })
  return { code: end.code ?? 1, leaks: scan.leaks, channels, summary: scan.summary(channels) }
}

const argv = process.argv.slice(2)
const canary = argv[0] === "--canary" ? argv.splice(0, 2)[1] : "canary-"
const hears = argv[0] !== "--without-events"
if (!hears) argv.shift()
const { code, leaks, channels, summary } = await scanRun(argv.join(" "), { canary, hears })
const isDeaf = hears && channels === 0
for (const leak of leaks) console.error(`SECRET in ${leak}`)
if (isDeaf) console.error("no event of the library was heard: nothing is shown by that")
console.log(`secret scan: ${summary}: ${leaks.length === 0 ? "no secret" : `${leaks.length} SECRETS`}`)
process.exitCode = leaks.length > 0 || isDeaf ? 1 : code
