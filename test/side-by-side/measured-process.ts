import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { MeasuringServer, SubjectSettings } from "./measuring-server.js"
import type { Subject } from "./subject.js"

const PROGRAM = fileURLToPath(new URL("programs/measured.js", import.meta.url))

/** What the program can be asked for; programs/measured.js says what each is. */
export interface MeasuredCalls {
  open(options: { readonly kind: string; readonly settings: SubjectSettings; readonly cold?: boolean }): {
    readonly has: readonly string[]
    /** Otherwise who asks at once, and for what, is the application's. */
    readonly keepsTokens: boolean
  }
  time(options: { readonly what: string; readonly forMs: number; readonly atOnce?: number }): {
    readonly nanoseconds: number
  }
  allocated(options: { readonly what: string }): { readonly bytes: number }
  timeKeyed(options: { readonly what: string; readonly keys: number; readonly forMs: number }): {
    readonly nanoseconds: number
  }
  cold(options: { readonly what: string; readonly callers: number }): { readonly ms: number; readonly served: number }
}

type Answer = { readonly value: unknown } | { readonly error: string }

/** A subject in a process of its own, which measures itself, and does nothing else. */
export class MeasuredProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start({ module }: Subject, { authorityFile }: MeasuringServer): Promise<MeasuredProcess> {
    const child = fork(PROGRAM, [module], {
      execArgv: ["--expose-gc"],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authorityFile, NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    })
    await once(child, "message")
    return new MeasuredProcess(child)
  }

  /** One at a time. */
  async call<M extends keyof MeasuredCalls>(
    method: M,
    options: Parameters<MeasuredCalls[M]>[0],
  ): Promise<ReturnType<MeasuredCalls[M]>> {
    this.#child.send({ method, options })
    const gone = new AbortController()
    const answered = once(this.#child, "message", { signal: gone.signal })
    const ended = once(this.#child, "exit", { signal: gone.signal }).then(() => {
      throw new Error(`the program of ${this.#child.spawnargs.at(-1) ?? "a subject"} has ended`)
    })
    try {
      const [answer] = (await Promise.race([answered, ended])) as [Answer]
      if ("error" in answer) throw new Error(answer.error)
      return answer.value as ReturnType<MeasuredCalls[M]>
    } finally {
      gone.abort()
      await Promise.allSettled([answered, ended])
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill("SIGKILL")
    await once(this.#child, "exit")
  }
}
