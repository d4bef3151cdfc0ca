const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** SIGINT and SIGTERM: the first one asks for an orderly end; a second one ends the process at once. */
export class ShutdownSignals implements Disposable {
  readonly first: Promise<string>
  #received = 0
  #resolve: (signal: string) => void = () => undefined
  readonly #onInterrupt = () => this.#on("SIGINT")
  readonly #onTerminate = () => this.#on("SIGTERM")

  constructor() {
    this.first = new Promise((resolve) => (this.#resolve = resolve))
    process.on("SIGINT", this.#onInterrupt)
    process.on("SIGTERM", this.#onTerminate)
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onInterrupt)
    process.off("SIGTERM", this.#onTerminate)
  }

  #on(signal: keyof typeof EXIT_CODES): void {
    if (++this.#received > 1) process.exit(EXIT_CODES[signal])
    this.#resolve(signal)
  }
}
