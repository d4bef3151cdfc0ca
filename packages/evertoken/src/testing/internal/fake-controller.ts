import type { Dispatcher } from "undici"

/** Notes what is asked of it. */
export class FakeController implements Dispatcher.DispatchController {
  readonly calls: string[] = []
  readonly rawHeaders = ["a", "b"]
  readonly rawTrailers = ["c", "d"]
  readonly paused = false
  reason: Error | null = null

  get aborted(): boolean {
    return this.reason !== null
  }
  abort(reason: Error): void {
    this.reason = reason
    this.calls.push("abort")
  }
  pause(): void {
    this.calls.push("pause")
  }
  resume(): void {
    this.calls.push("resume")
  }
}
