import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { LoadOrder, LoadReport, Order, Report } from "./server-load.js"

export type Target = Pick<LoadOrder, "target" | "headers">

/** The process that asks. One order at a time. */
export class LoadProcess {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL("server-load.ts", import.meta.url)))
  readonly #connections: number

  constructor({ connections }: { readonly connections: number }) {
    this.#connections = connections
  }

  async order(order: Order): Promise<Report> {
    this.#child.send(order)
    const [report] = (await once(this.#child, "message")) as [Report]
    return report
  }

  async round(to: Target, durationMs: number): Promise<LoadReport> {
    const load = { ...to, path: "/tokens/app", connections: this.#connections, durationMs }
    const report = await this.order({ load })
    if (!("load" in report)) throw new Error("the load reports something else")
    return report.load
  }

  end(): void {
    this.#child.disconnect()
  }
}
