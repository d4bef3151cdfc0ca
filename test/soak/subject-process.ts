import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { SubjectAnswer, SubjectCalls } from "./subject-protocol.js"

const SUBJECT = fileURLToPath(new URL("subject.ts", import.meta.url))
const ENDS_WITHIN_MS = 20_000

/** A process under load, asked one thing after the other. */
export class SubjectProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>

  constructor() {
    const execArgv = ["--expose-gc", "--trace-warnings", "--import", "tsx"]
    this.#child = fork(SUBJECT, { execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"] })
    this.#exited = once(this.#child, "exit").then(([code]) => code as number | null)
  }

  async ask<M extends keyof SubjectCalls>(
    method: M,
    ...args: Parameters<SubjectCalls[M]>
  ): Promise<ReturnType<SubjectCalls[M]>> {
    const answered = once(this.#child, "message") as Promise<[SubjectAnswer]>
    this.#child.send({ method, args })
    const answer = await Promise.race([answered, this.#exited])
    if (!Array.isArray(answer)) throw new Error(`the subject ended by itself, with code ${answer ?? "none"}`)
    if ("error" in answer[0]) throw new Error(answer[0].error)
    return answer[0].value as ReturnType<SubjectCalls[M]>
  }

  /** Lets go of it. @returns whether it ended by itself, well. */
  async endsByItself(): Promise<boolean> {
    if (this.#child.connected) this.#child.disconnect()
    return (await Promise.race([this.#exited, wait(ENDS_WITHIN_MS, "late" as const)])) === 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL")
    await this.#exited
  }
}
