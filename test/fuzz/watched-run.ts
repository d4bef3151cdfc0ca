import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Finding, FuzzTarget } from "./fuzz-target.js"
import { environmentOf, messageOf } from "./worker-protocol.js"

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url))
const MEMORY = "--max-old-space-size=256"
// a batch takes some seconds; a hundred times that is a hang
const SILENCE_MS = 300_000

export interface WatchedRun {
  readonly inputs: number
  readonly seed: number
  readonly onProgress: (done: number) => void
}

export interface WatchedResult {
  readonly done: number
  /** The most that was in use after a batch. */
  readonly heapMegabytes: number
  readonly finding: Finding | undefined
}

/** Fuzzes one target in a process with little memory. One that hangs or dies is a finding, too. */
export async function runWatched(target: FuzzTarget, { inputs, seed, onProgress }: WatchedRun): Promise<WatchedResult> {
  const { name } = target
  const directory = mkdtempSync(join(tmpdir(), "evertoken-fuzz-"))
  const lastInputFile = join(directory, "last-input")
  const env = { ...process.env, ...environmentOf({ name, inputs, seed, lastInputFile }) }
  const worker = fork(WORKER, { env, execArgv: ["--import", "tsx", MEMORY] })
  let result: WatchedResult = { done: 0, heapMegabytes: 0, finding: undefined }
  let problem = "the process ended: out of memory, or something that nobody caught"
  const giveUp = () => {
    problem = "it hung"
    worker.kill("SIGKILL")
  }
  let silence = setTimeout(giveUp, SILENCE_MS)
  worker.on("message", (received) => {
    clearTimeout(silence)
    silence = setTimeout(giveUp, SILENCE_MS)
    const { done, heapMegabytes, finding } = messageOf(received)
    const found = finding && { ...finding, input: new Uint8Array(Buffer.from(finding.input, "base64")) }
    result = { done, heapMegabytes: Math.max(heapMegabytes, result.heapMegabytes), finding: found }
    onProgress(done)
  })
  try {
    const [code] = (await once(worker, "exit")) as [number | null]
    if (code === 0 && (result.finding !== undefined || result.done === inputs)) return result
    const finding = { target: name, input: lastInput(lastInputFile), problem, seed: seed + result.done }
    return { ...result, finding }
  } finally {
    clearTimeout(silence)
    rmSync(directory, { recursive: true, force: true })
  }
}

function lastInput(file: string): Uint8Array {
  const bytes = readFileSync(file)
  return new Uint8Array(bytes.subarray(4, 4 + bytes.readUInt32LE(0)))
}
