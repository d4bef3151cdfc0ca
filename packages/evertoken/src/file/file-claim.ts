import fs from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../clock.js"
import { randomId } from "../random.js"
import type { Claim, ClaimView } from "../token-cache.js"
import type { ClaimLiveness, FoundClaim } from "./claim-liveness.js"
import { ClaimNames } from "./claim-names.js"
import { beginFlight, encodeOwner, endFlight } from "./claim-owner.js"
import {
  createExclusively,
  namesIn,
  remove,
  removeQuietly,
  replaceDurably,
  syncDirectory,
  writeTemporary,
} from "./durable-write.js"
import { explained, refusal, unlessMissing } from "./file-failure.js"
import { OwnerHeartbeat } from "./owner-heartbeat.js"
import { currentProcess } from "./process-identity.js"
import type { ReservedRoom } from "./reserved-room.js"
import type { StoreDirectory, StorePaths } from "./store-directory.js"

// file systems round times, some to whole seconds
const MARK_TOLERANCE_MS = 2_000

export interface FileClaimOptions {
  readonly directory: StoreDirectory
  readonly liveness: ClaimLiveness
  readonly room: ReservedRoom
  readonly clock: Clock
}

interface Taken {
  readonly n: number
  readonly flight: string
  readonly heartbeat: OwnerHeartbeat
}

/** Claims as files `<store>.d/claim-<what>.<n>`, created exclusively and complete; the sent mark beside as `….sent`. */
export class FileClaim implements Claim {
  readonly #options: FileClaimOptions
  readonly #names: ClaimNames
  #taken: Taken | undefined
  #reserved: string | undefined

  constructor(what: string, options: FileClaimOptions) {
    this.#names = new ClaimNames(what)
    this.#options = options
  }

  look(): Promise<ClaimView> {
    return this.#inStore("look at the claims of", async ({ side }) => {
      const names = await this.#options.liveness.namesIn(side)
      const found = await this.#find(side, this.#names.numbersIn(names, "claim"))
      // only now: who dies after its mark was looked for would seem to have sent nothing
      const later = await namesIn(side)
      const marks = this.#names.numbersIn(later, "mark")
      const sentAgoMs = await this.#sentAgoMs(side, marks)
      const tombstone = await unlessMissing(() => fs.stat(join(side, this.#names.tombstone)))
      const claims = this.#names.numbersIn(later, "claim")
      const orphans = marks.filter((n) => !claims.includes(n))
      const n = Math.max(0, ...found.keys(), ...orphans)
      return {
        n,
        owner: n === 0 ? "none" : this.#ownerOf(found.get(n)),
        othersAlive: [...found.values()].some((claim) => claim.alive && !this.#isOwn(claim)),
        sentAgoMs,
        rejected: tombstone !== undefined,
      }
    })
  }

  take(n: number): Promise<boolean> {
    return this.#inStore("take a claim in", async ({ side }) => {
      if (this.#taken !== undefined) throw refusal("a claim is taken once: release it first")
      const name = this.#names.claim(n)
      const flight = randomId()
      const owner = { ...(await currentProcess()), flight, abandoned: false }
      beginFlight(flight)
      const isNeeded = () => this.#options.liveness.isSharedBeyond(side)
      const heartbeat = new OwnerHeartbeat(join(side, name), { isNeeded, clock: this.#options.clock })
      let created = false
      try {
        created = await createExclusively(side, name, encodeOwner(owner, n))
      } finally {
        if (!created) endFlight(flight)
      }
      if (!created) return false
      this.#taken = { n, flight, heartbeat }
      await heartbeat.start()
      return true
    })
  }

  markSent(): Promise<void> {
    return this.#inStore("mark a claim as sent in", async ({ side }) => {
      if (this.#taken === undefined) throw refusal("a claim must be taken before it is marked")
      const now = new Date(this.#options.clock.now())
      await this.#reserve(side, now)
      await writeMark(join(side, this.#names.mark(this.#taken.n)), now)
      // also makes the name of the claim itself durable
      await syncDirectory(side)
    })
  }

  isHeld(): Promise<boolean> {
    return this.#inStore("look for a claim in", async ({ side }) => {
      const taken = this.#taken
      if (taken === undefined || taken.heartbeat.lost) return false
      const highest = this.#names.numbersIn(await namesIn(side), "claim").at(-1)
      return highest === taken.n && (await this.#isThereAs(side, taken)) === "own"
    })
  }

  release(extent: "own" | "all"): Promise<void> {
    return this.#inStore("release a claim in", async ({ side }) => {
      // what cannot be removed now stays this owner's: it is released again, or abandoned
      const taken = this.#taken
      await this.#dropReserved()
      if (taken !== undefined && extent === "all") await this.#removeOthers(side, taken)
      if (taken !== undefined) await this.#removeOwn(side, taken)
      this.#taken = undefined
      await this.#end(taken)
    })
  }

  abandon(): Promise<void> {
    return this.#inStore("abandon a claim in", async ({ side }) => {
      const taken = this.#taken
      this.#taken = undefined
      try {
        await this.#dropReserved()
        if (taken === undefined || (await this.#isThereAs(side, taken)) !== "own") return
        const owner = { ...(await currentProcess()), flight: taken.flight, abandoned: true }
        const temporary = await writeTemporary(side, encodeOwner(owner, taken.n))
        await replaceDurably(temporary, join(side, this.#names.claim(taken.n)))
      } finally {
        await this.#end(taken)
      }
    })
  }

  reject(): Promise<void> {
    return this.#inStore("write a tombstone in", async ({ side }) => {
      await createExclusively(side, this.#names.tombstone, Buffer.alloc(0))
      await syncDirectory(side)
    })
  }

  async #find(side: string, numbers: readonly number[]): Promise<ReadonlyMap<number, FoundClaim>> {
    const found = new Map<number, FoundClaim>()
    for (const n of numbers) {
      const claim = await this.#options.liveness.find(join(side, this.#names.claim(n)))
      if (claim !== undefined) found.set(n, claim)
    }
    return found
  }

  async #sentAgoMs(side: string, marks: readonly number[]): Promise<number | undefined> {
    const stats = await Promise.all(marks.map((n) => unlessMissing(() => fs.stat(join(side, this.#names.mark(n))))))
    const times = stats.flatMap((each) => each?.mtimeMs ?? [])
    return times.length === 0 ? undefined : agoMs(Math.max(...times), this.#options.clock.now())
  }

  // a mark without a claim: the claim was never made durable, and its owner is gone with the power
  #ownerOf(claim: FoundClaim | undefined): ClaimView["owner"] {
    if (!claim?.alive) return "gone"
    return this.#isOwn(claim) ? "self" : "alive"
  }

  #isOwn({ owner }: FoundClaim): boolean {
    return owner !== undefined && owner.flight === this.#taken?.flight
  }

  async #reserve(side: string, now: Date): Promise<void> {
    const { room } = this.#options
    if (this.#reserved !== undefined && (await room.renew(this.#reserved, now))) return
    this.#reserved = await room.reserve(side)
  }

  async #dropReserved(): Promise<void> {
    if (this.#reserved !== undefined) await this.#options.room.drop(this.#reserved)
    this.#reserved = undefined
  }

  async #isKept(side: string, { n, flight }: Taken): Promise<boolean> {
    const claim = await this.#options.liveness.find(join(side, this.#names.claim(n)))
    return claim?.alive === true && claim.owner?.flight === flight
  }

  async #isThereAs(side: string, { n, flight }: Taken): Promise<"own" | "another's" | undefined> {
    const claim = await this.#options.liveness.find(join(side, this.#names.claim(n)))
    return claim && (claim.owner?.flight === flight ? "own" : "another's")
  }

  // once the own claim is not there, or abandoned, the numbers may be those of claims taken since
  async #removeOthers(side: string, taken: Taken): Promise<void> {
    const names = await namesIn(side)
    const numbers = new Set([...this.#names.numbersIn(names, "mark"), ...this.#names.numbersIn(names, "claim")])
    for (const n of [...numbers].sort((a, b) => a - b)) {
      if (n === taken.n) continue
      if (!(await this.#isKept(side, taken))) return
      await this.#removeNumber(side, n)
    }
  }

  // after a long stop the number may be another's
  async #removeOwn(side: string, taken: Taken): Promise<void> {
    if ((await this.#isThereAs(side, taken)) !== "another's") await this.#removeNumber(side, taken.n)
  }

  // the mark first: one that outlives its claim would be taken for that of the next claim of this number
  async #removeNumber(side: string, n: number): Promise<void> {
    await remove(join(side, this.#names.mark(n)))
    await remove(join(side, this.#names.claim(n)))
    await fs.rmdir(join(side, this.#names.heartbeat(n))).catch(() => undefined)
  }

  async #end(taken: Taken | undefined): Promise<void> {
    if (taken === undefined) return
    endFlight(taken.flight)
    await taken.heartbeat.stop()
  }

  #inStore<T>(doing: string, action: (paths: StorePaths) => Promise<T>): Promise<T> {
    const { directory } = this.#options
    return explained(`${doing} ${directory.path}`, async () => action(await directory.ensure()))
  }
}

// The time of a mark from the future is not known: the clock was set back. No leeway of an issuer is sure to last so long.
function agoMs(time: number, now: number): number {
  return time > now + MARK_TOLERANCE_MS ? Infinity : Math.max(0, now - time)
}

async function writeMark(path: string, now: Date): Promise<void> {
  const before = await unlessMissing(() => fs.stat(path))
  try {
    const handle = await fs.open(path, "a", 0o600)
    try {
      await handle.utimes(now, now)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (before === undefined) await removeQuietly(path)
    throw error
  }
}
