import { spawn, type ChildProcess } from "node:child_process"
import { constants } from "node:os"
import { memberOf } from "../config/member-of.js"
import { CommandError } from "./command-error.js"
import type { Terminal } from "./terminal.js"

const NOT_FOUND = 127
const NOT_RUNNABLE = 126
const PASSED_ON = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const
/** Ctrl-C and Ctrl-\ reach every process of the terminal: passed on, they would come twice. */
const BY_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT"])

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly terminal: Terminal
}

/**
 * Runs a command in place of this process, as far as that can be: on the same files, with the signals that come here.
 * @returns what a shell would tell of its end.
 * @throws CommandError if it cannot be run.
 */
export async function runChild(command: string, args: readonly string[], options: ChildOptions): Promise<number> {
  const { env, terminal } = options
  const passing = new PassingOn(terminal)
  try {
    const child = spawn(command, args, { env, stdio: "inherit" })
    passing.child = child
    return await endOf(child)
  } catch (error) {
    const code = memberOf(error, "code")
    if (code === "ENOENT") throw new CommandError(`${command}: there is no such command`, { exitCode: NOT_FOUND })
    throw new CommandError(`${command} cannot be run: ${String(code)}`, { exitCode: NOT_RUNNABLE })
  } finally {
    passing[Symbol.dispose]()
  }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
  })
}

class PassingOn implements Disposable {
  child: ChildProcess | undefined
  readonly #listeners: ReadonlyMap<NodeJS.Signals, () => void>

  constructor({ stdin, stdout, stderr }: Terminal) {
    const isOnTerminal = [stdin, stdout, stderr].some(({ isTTY }) => isTTY === true)
    const listenerFor = (signal: NodeJS.Signals) => () => {
      if (!(isOnTerminal && BY_TERMINAL.has(signal))) this.child?.kill(signal)
    }
    this.#listeners = new Map(PASSED_ON.map((signal) => [signal, listenerFor(signal)]))
    for (const [signal, listener] of this.#listeners) process.on(signal, listener)
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener)
  }
}
