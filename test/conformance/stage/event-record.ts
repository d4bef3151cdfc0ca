import { inspect } from "node:util"
import { onTokenEvent, type TokenEventName } from "evertoken"
import { EVENT_NAMES } from "../format/expectation.js"

const NAMES: readonly TokenEventName[] = [...EVENT_NAMES, "step"]

/** All that the library publishes, counted and kept as text. */
export class EventRecord {
  readonly texts: string[] = []
  readonly #counts = new Map<string, number>()
  readonly #ends: readonly (() => void)[]

  constructor() {
    this.#ends = NAMES.map((name) =>
      onTokenEvent(name, (event) => {
        this.#counts.set(name, this.count(name) + 1)
        this.texts.push(`event ${name}: ${inspect(event, { depth: Infinity })}`)
      }),
    )
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  beginCounting(): void {
    this.#counts.clear()
  }

  end(): void {
    for (const end of this.#ends) end()
  }
}
