import { onTokenEvent, type RenewalStep, type TokenEventName, type TokenEvents } from "../../events.js"

/** Everything that is published from its making to {@link EventLog.end}. */
export class EventLog {
  readonly #events: { readonly [N in TokenEventName]: TokenEvents[N][] } = {
    renewed: [],
    adopted: [],
    "renewal-failed": [],
    waiting: [],
    "cache-failed": [],
    unwritten: [],
    "credentials-kept": [],
    "lifetime-assumed": [],
    "clock-stepped": [],
    step: [],
  }
  readonly #ends: readonly (() => void)[] = [
    this.#listen("renewed"),
    this.#listen("adopted"),
    this.#listen("renewal-failed"),
    this.#listen("waiting"),
    this.#listen("cache-failed"),
    this.#listen("unwritten"),
    this.#listen("credentials-kept"),
    this.#listen("lifetime-assumed"),
    this.#listen("clock-stepped"),
    this.#listen("step"),
  ]

  get all(): Readonly<Record<TokenEventName, readonly unknown[]>> {
    return this.#events
  }

  of<N extends TokenEventName>(name: N): readonly TokenEvents[N][] {
    return this.#events[name]
  }

  end(): void {
    for (const end of this.#ends) end()
  }

  #listen(name: TokenEventName): () => void {
    const noted: unknown[] = this.#events[name]
    return onTokenEvent(name, (event) => noted.push(event))
  }
}

/** Calls `action` at the next time this step is reached, once. */
export function atStep(step: RenewalStep, action: () => void): void {
  const end = onTokenEvent("step", (event) => {
    if (event.step !== step) return
    end()
    action()
  })
}
