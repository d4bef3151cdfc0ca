import fs from "node:fs/promises"
import { dirname } from "node:path"
import type { Observable } from "rxjs"
import type { Clock } from "../clock.js"
import { publish } from "../events.js"
import { randomId } from "../random.js"
import type { Claim, Commit, StoredToken } from "../token-cache.js"
import type { TokenVersion } from "../token.js"
import { ClaimLiveness } from "./claim-liveness.js"
import { namesIn } from "./durable-write.js"
import { explain, explained, refusal, unlessMissing } from "./file-failure.js"
import { observeChanges, type ChangeWatch } from "./file-changes.js"
import { FileClaim } from "./file-claim.js"
import { GenerationCommit } from "./generation-commit.js"
import { Generations, generationsIn, type Current } from "./generations.js"
import type { StoreReport } from "./private-file.js"
import { ReservedRoom } from "./reserved-room.js"
import { StoreDirectory, type StorePaths } from "./store-directory.js"
import { sweep } from "./sweep.js"

export interface KeyStoreOptions {
  readonly path: string
  readonly key: string
  readonly clock: Clock
  readonly pollMs: number
  readonly allowNetworkFileSystem: boolean
}

const SWEEP_EVERY_MS = 3_600_000

/** What a `FileTokenCache` keeps under one key: one store file and what belongs to it. */
export class KeyStore {
  readonly #options: KeyStoreOptions
  readonly #directory: StoreDirectory
  readonly #generations: Generations
  readonly #liveness: ClaimLiveness
  readonly #room = new ReservedRoom()
  readonly #commits: GenerationCommit
  /** The version that was given out last: whoever subscribes has seen it. Undefined: none. */
  #seen: string | undefined
  #sweptAt = -Infinity

  constructor(options: KeyStoreOptions) {
    const { path, clock, allowNetworkFileSystem } = options
    const report: StoreReport = (operation, detail) => this.#report(operation, detail)
    this.#options = options
    this.#directory = new StoreDirectory(path, { allowNetworkFileSystem, report })
    this.#generations = new Generations(report)
    this.#liveness = new ClaimLiveness({ clock, report })
    this.#commits = new GenerationCommit({
      directory: this.#directory,
      generations: this.#generations,
      room: this.#room,
      report,
    })
  }

  get(): Promise<StoredToken | undefined> {
    return explained(`read the token in ${this.#options.path}`, async () => {
      const { record } = await this.#read()
      this.#seen = nameOf(record)
      return record
    })
  }

  commit(record: StoredToken, expected: TokenVersion | undefined): Promise<Commit> {
    return explained(`write the token to ${this.#options.path}`, async () => {
      const commit = await this.#commits.commit(record, expected)
      this.#seen = nameOf(commit.committed ? record : commit.current)
      if (commit.committed) await this.#sweepNowAndThen(record)
      return commit
    })
  }

  delete(): Promise<void> {
    return explained(`sign out of ${this.#options.path}`, async () => {
      for (let attempt = 0; attempt < 1_000; attempt++) {
        const { record, floor } = await this.#read()
        const version = { lineage: record?.version.lineage ?? randomId(), generation: floor + 1, id: randomId() }
        const mark = { version, lineages: record?.lineages ?? [] }
        if ((await this.commit(mark, record?.version)).committed) return
      }
      throw refusal(`${this.#options.path} changes faster than it can be signed out of`)
    })
  }

  claim(what: string): Claim {
    const { clock } = this.#options
    return new FileClaim(what, { directory: this.#directory, liveness: this.#liveness, room: this.#room, clock })
  }

  changes(): Observable<void> {
    return observeChanges(() => this.#watchVersion())
  }

  async #read(): Promise<Current> {
    const paths = await this.#directory.locate()
    return paths === undefined ? { record: undefined, floor: 0 } : this.#generations.read(paths)
  }

  #watchVersion(): ChangeWatch {
    const { path, clock, pollMs } = this.#options
    let signature: string | undefined
    let seen = this.#seen ?? nameOf(undefined)
    const hasChanged = async () => {
      const paths = await this.#directory.locate()
      const found = paths === undefined ? "" : await signatureOf(paths)
      if (found === signature) return false
      const { record } = await this.#read()
      signature = found
      const version = nameOf(record)
      const isNews = version !== seen
      seen = version
      return isNews
    }
    const directories = async () => {
      const paths = await this.#directory.locate()
      return paths === undefined ? ancestorsOf(path) : [paths.side, dirname(paths.store)]
    }
    return { directories, hasChanged, clock, pollMs }
  }

  async #sweepNowAndThen(current: StoredToken): Promise<void> {
    const { clock } = this.#options
    if (clock.monotonic() - this.#sweptAt < SWEEP_EVERY_MS) return
    this.#sweptAt = clock.monotonic()
    try {
      const { side } = await this.#directory.ensure()
      await sweep({ side, now: clock.now(), current, liveness: this.#liveness })
    } catch (error) {
      this.#report("sweep", `leftovers beside ${this.#options.path} could not be removed: ${explain(error)}`)
    }
  }

  #report(operation: string, detail: string): void {
    publish("cache-failed", { cache: "file", key: this.#options.key, operation, code: "ERR_TOKEN_CACHE", detail })
  }
}

function nameOf(record: StoredToken | undefined): string {
  return record === undefined ? "none" : `${record.version.generation}:${record.version.id}`
}

function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path)
  return above === path ? [] : [above, ...ancestorsOf(above)]
}

/** Differs whenever the record may: cheaper than to read it. */
async function signatureOf({ store, side }: StorePaths): Promise<string> {
  const [highest = 0] = generationsIn(await namesIn(side))
  const stats = await unlessMissing(() => fs.stat(store))
  return [highest, stats?.ino, stats?.mtimeMs, stats?.size].join()
}
