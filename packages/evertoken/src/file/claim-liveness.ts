import fs from "node:fs/promises"
import { basename, join } from "node:path"
import type { Clock } from "../clock.js"
import { Stillness } from "../stillness.js"
import { namesIn } from "./durable-write.js"
import { decodeOwner, stateOf, type ClaimOwner } from "./claim-owner.js"
import { unlessMissing } from "./file-failure.js"
import { readPrivateFile, type StoreReport } from "./private-file.js"
import { currentProcess, namespaceMarker, NAMESPACE_PREFIX } from "./process-identity.js"

// the heartbeat's `stale` of the design; its owner beats every 2 s
const STALE_MS = 10_000

/** A claim as it was found. */
export interface FoundClaim {
  /** Undefined: its content cannot be understood. */
  readonly owner: ClaimOwner | undefined
  readonly alive: boolean
}

/** Who holds the claims of one store, as far as this process can see. */
export class ClaimLiveness {
  readonly #clock: Clock
  readonly #report: StoreReport
  readonly #heartbeats = new Map<string, Stillness>()

  constructor({ clock, report }: { readonly clock: Clock; readonly report: StoreReport }) {
    this.#clock = clock
    this.#report = report
  }

  /**
   * The names in `side`, listed after the marker of this process's pid namespace was there: whoever takes a claim
   * without a heartbeat has listed the directory before, and will find the marker when it looks again.
   */
  async namesIn(side: string): Promise<readonly string[]> {
    const marker = namespaceMarker(await currentProcess())
    const names = await namesIn(side)
    for (const name of this.#heartbeats.keys()) if (!names.includes(name)) this.#heartbeats.delete(name)
    if (names.includes(marker)) return names
    await fs.writeFile(join(side, marker), "", { mode: 0o600 })
    return namesIn(side)
  }

  /** Whether others share the store who cannot see this process. */
  async isSharedBeyond(side: string): Promise<boolean> {
    const observer = await currentProcess()
    if (observer.local === undefined) return true
    const marker = namespaceMarker(observer)
    return (await this.namesIn(side)).some((name) => name.startsWith(NAMESPACE_PREFIX) && name !== marker)
  }

  /** Undefined: it is not there any more. */
  async find(path: string): Promise<FoundClaim | undefined> {
    const file = await readPrivateFile(path, this.#report)
    if (file === undefined) return undefined
    const owner = decodeOwner(file.bytes)
    const state = await stateOf(owner, await currentProcess())
    if (state !== "unknown") return { owner, alive: state === "alive" }
    const beat = await unlessMissing(() => fs.stat(`${path}.lock`))
    const seen = `${owner?.flight ?? file.stats.ino}:${beat?.mtimeMs ?? "none"}`
    return { owner, alive: !this.#hasStopped(basename(path), seen) }
  }

  #hasStopped(name: string, seen: string): boolean {
    const heartbeat = this.#heartbeats.get(name) ?? new Stillness(this.#clock)
    this.#heartbeats.set(name, heartbeat)
    return heartbeat.note(seen) >= STALE_MS
  }
}
