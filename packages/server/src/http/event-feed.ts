import type { ServerResponse } from "node:http"
import type { Clock, Timer } from "evertoken"
import { map, merge, type Subscription } from "rxjs"
import type { RegistryChange, TokenRegistry } from "../tokens/token-registry.js"

const HEARTBEAT_MS = 15_000
/** What a reader may be behind. */
const MOST_BYTES = 256 * 1024

/** Sends what happens to all who listen, as server-sent events. They share one subscription, and one timer. */
export class EventFeed {
  readonly #registry: TokenRegistry
  readonly #clock: Clock
  readonly #readers = new Set<ServerResponse>()
  #subscription: Subscription | undefined
  #heartbeat: Timer | undefined

  constructor(registry: TokenRegistry, clock: Clock) {
    this.#registry = registry
    this.#clock = clock
  }

  /** Every token as it is now, then each change, until the reader leaves. One that does not keep up is cut off. */
  add(reader: ServerResponse): void {
    if (this.#readers.size === 0) this.#begin()
    reader.write(this.#registry.all.map(({ status }) => eventOf("token", status)).join(""))
    this.#readers.add(reader)
    reader.once("close", () => this.#leave(reader))
    if (reader.destroyed) this.#leave(reader)
  }

  /** Ends all streams. */
  close(): void {
    for (const reader of this.#readers) {
      this.#leave(reader)
      reader.end()
    }
  }

  #begin(): void {
    const changes$ = this.#registry.changes$.pipe(map(eventOfChange))
    const known$ = this.#registry.history.incident$.pipe(map((incident) => eventOf("incident", incident)))
    this.#subscription = merge(changes$, known$).subscribe((event) => this.#send(event))
    this.#beat()
  }

  #beat(): void {
    this.#heartbeat = this.#clock.setTimer(
      () => {
        this.#send(":\n\n")
        this.#beat()
      },
      HEARTBEAT_MS,
      { ref: false },
    )
  }

  #leave(reader: ServerResponse): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return
    this.#subscription?.unsubscribe()
    this.#heartbeat?.cancel()
  }

  #send(text: string): void {
    for (const reader of this.#readers) {
      reader.write(text)
      if (reader.writableLength <= MOST_BYTES) continue
      this.#leave(reader)
      reader.destroy()
    }
  }
}

function eventOfChange(change: RegistryChange): string {
  return "removed" in change ? eventOf("removed", { name: change.removed }) : eventOf("token", change.status)
}

function eventOf(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
