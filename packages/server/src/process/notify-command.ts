import { spawn, type ChildProcess } from "node:child_process"
import type { Readable } from "node:stream"
import { createInterface } from "node:readline"
import type { Clock } from "evertoken"
import type { Logger } from "pino"
import { memberOf } from "../config/member-of.js"

export interface NotifyCommandOptions {
  readonly clock: Clock
  readonly log: Logger
  /** It is killed then. */
  readonly timeoutMs?: number
}

/** What a notified command needs of the surroundings; the rest may hold secrets of the server. */
const PASSED_ON =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR|SystemRoot|PATHEXT|ComSpec|APPDATA|USERPROFILE)$/i
const LONGEST_LINE = 1_000
const MOST_LINES = 100

/** Runs a command of the user's for a token: without a shell, for a bounded time, one at a time for each token. */
export class NotifyCommand implements Disposable {
  readonly #options: NotifyCommandOptions
  readonly #running = new Map<string, ChildProcess>()

  constructor(options: NotifyCommandOptions) {
    this.#options = options
  }

  /** Does not wait for it, and never throws: what goes wrong is logged. `about` is in its environment. */
  run([file = "", ...args]: readonly string[], token: string, about: Readonly<Record<string, string>>): void {
    const { clock, timeoutMs = 60_000 } = this.#options
    const log = this.#options.log.child({ token, command: file })
    if (this.#running.has(token)) {
      log.warn("the command is not run again: it is running still")
      return
    }
    const child = started(file, args, { ...surroundings(), ...about })
    if (child instanceof Error) {
      log.error({ code: memberOf(child, "code") }, "the command cannot be run")
      return
    }
    this.#running.set(token, child)
    const timer = clock.setTimer(() => {
      log.warn("the command takes too long: killed")
      child.kill("SIGKILL")
    }, timeoutMs)
    const ended = () => {
      timer.cancel()
      this.#running.delete(token)
    }
    for (const stream of [child.stdout, child.stderr]) if (stream) tell(stream, log)
    child.once("error", (error) => {
      ended()
      log.error({ code: memberOf(error, "code") }, "the command cannot be run")
    })
    child.once("exit", (code, signal) => {
      ended()
      log[code === 0 ? "info" : "warn"]({ exitCode: code, signal }, "the command has ended")
    })
  }

  /** Kills what runs. */
  [Symbol.dispose](): void {
    for (const child of this.#running.values()) child.kill("SIGKILL")
  }
}

/** Without a file descriptor left it has no streams. Without memory, or by arguments that no command can have, it throws. */
function started(file: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess | Error {
  try {
    return spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"], windowsHide: true })
  } catch (error) {
    return error instanceof Error ? error : new Error()
  }
}

function surroundings(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)))
}

function tell(stream: Readable, log: Logger): void {
  let lines = 0
  // a process of its own that it has left behind may hold the stream
  createInterface({ input: stream }).on("line", (line) => {
    if (lines++ < MOST_LINES) log.info({ output: line.slice(0, LONGEST_LINE) }, "the command says")
  })
}
