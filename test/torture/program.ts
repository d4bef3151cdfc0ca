import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { text } from "node:stream/consumers"

/** What a program tells. */
export type Seen = Readonly<Record<string, string | number | boolean | undefined>>

/** How a program ended, and what it told. */
export interface Run {
  /** Undefined: it told nothing. */
  readonly seen: Seen | undefined
  readonly exitCode: number | null
  /** It had to be killed. */
  readonly timedOut: boolean
  readonly stderr: string
}

export interface ProgramOptions {
  readonly settings: object
  /** Vouches for the token server, in PEM, in this file. */
  readonly authorityFile: string
  readonly limitMs: number
}

/** A program that runs, in a process of its own. */
export interface Running {
  readonly ended: Promise<Run>
  kill(): void
}

/** Starts a program of the folder `programs`, without anything that is not the peer's between it and Node.js. */
export function startProgram(name: string, { settings, authorityFile, limitMs }: ProgramOptions): Running {
  const path = fileURLToPath(new URL(`programs/${name}.js`, import.meta.url))
  const child = spawn(process.execPath, [path], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: authorityFile, NODE_OPTIONS: "", TORTURE: JSON.stringify(settings) },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const timer = { out: false }
  const limit = setTimeout(() => {
    timer.out = true
    child.kill("SIGKILL")
  }, limitMs)
  const ended = async (): Promise<Run> => {
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
    clearTimeout(limit)
    const line = /^torture (.+)$/m.exec(stdout)?.[1]
    const seen = line === undefined ? undefined : (JSON.parse(line) as Seen)
    return { seen, exitCode: child.exitCode, timedOut: timer.out, stderr }
  }
  return { ended: ended(), kill: () => void child.kill("SIGKILL") }
}
