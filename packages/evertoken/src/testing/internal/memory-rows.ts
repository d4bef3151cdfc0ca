import { sleep, type Clock } from "../../clock.js"

/** The rows that simulated processes share. */
export class MemoryRows {
  readonly values = new Map<string, string>()
  /** How often each function was called. */
  readonly calls = { load: 0, save: 0, remove: 0 }
  readonly #clock: Clock | undefined
  readonly #latencyMs: number

  /** @param clock for the way to the database and back, which takes `latencyMs` */
  constructor(clock?: Clock, latencyMs = 0) {
    this.#clock = clock
    this.#latencyMs = latencyMs
  }

  async load(key: string): Promise<string | undefined> {
    this.calls.load++
    await this.#way()
    const value = this.values.get(key)
    await this.#way()
    return value
  }

  async save(key: string, value: string, expected: string | undefined): Promise<boolean> {
    this.calls.save++
    await this.#way()
    const isExpected = this.values.get(key) === expected
    if (isExpected) this.values.set(key, value)
    await this.#way()
    return isExpected
  }

  async remove(key: string): Promise<boolean> {
    this.calls.remove++
    await this.#way()
    return this.values.delete(key)
  }

  async #way(): Promise<void> {
    if (this.#clock !== undefined && this.#latencyMs > 0) await sleep(this.#clock, this.#latencyMs / 2)
  }
}
