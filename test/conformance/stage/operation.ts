import { Token } from "evertoken"

/** What came of one call: a token, an error, or success without either. */
export interface Ending {
  readonly token?: Token
  readonly error?: unknown
}

/** Calls under way, each by a caller of its own. */
export class Operation {
  readonly endings: (Ending | undefined)[]
  /** Aborts the signal of each call. */
  readonly cancel: () => void

  constructor(calls: readonly Promise<unknown>[], cancel: () => void = () => {}) {
    this.cancel = cancel
    this.endings = calls.map(() => undefined)
    for (const [index, call] of calls.entries()) {
      call.then(
        (value) => (this.endings[index] = value instanceof Token ? { token: value } : {}),
        (error: unknown) => (this.endings[index] = { error }),
      )
    }
  }

  get isPending(): boolean {
    return this.endings.includes(undefined)
  }
}
