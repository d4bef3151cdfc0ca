import { basename, join, sep } from "node:path"
import { defer, EMPTY, Subject, takeUntil, type Observable } from "rxjs"
import { assertClock, systemClock, type Clock } from "../clock.js"
import { TokenError } from "../errors.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import type { Claim, ClaimSubject, Commit, CommitOptions, StoredToken, TokenCache } from "../token-cache.js"
import { hashOf } from "../token-source.js"
import { KeyStore } from "./key-store.js"
import { pathOf } from "../path-option.js"
import { own } from "../stored-record.js"

/**
 * Where a {@link FileTokenCache} may be, and how it hears of changes. Checked when it is constructed, never changed.
 */
export interface FileTokenCacheOptions {
  /**
   * Whether a directory on NFS or SMB will do. Default false: claims are not reliable there. Recognised on Linux only.
   */
  readonly allowNetworkFileSystem?: boolean | undefined
  /** How often `changes()` looks by itself, besides being told by the system, in milliseconds. Default 1,000. */
  readonly pollMs?: number | undefined
  /** Default: the machine's own. */
  readonly clock?: Clock | undefined
}

const NAMES: OptionNames<FileTokenCacheOptions> = { allowNetworkFileSystem: true, pollMs: true, clock: true }

/** Where a {@link FileTokenCache} keeps its tokens: one file for one key, or a directory with one file for each. */
export type FileTokenCacheTarget = string | { readonly directory: string }

/**
 * Tokens in files that all processes on a host share: one request to the issuer serves them all, and a rotated refresh
 * token is on disk before anyone uses what came with it. Safe to use concurrently, by any number of processes.
 *
 * The file is for its owner only (mode 0600); what the processes agree upon is beside it in `<file>.d` (0700). Symbolic
 * links and files of other users are refused; a looser mode is tightened, and a file that cannot be understood kept
 * aside there, both told of by the event `cache-failed`.
 *
 * Processes in other containers or on other hosts that share the directory are noticed by a marker they leave there:
 * owners of claims then keep up a heartbeat (proper-lockfile), which is not loaded before. Where the system does not
 * tell when a process began (macOS, Windows) it is always kept up.
 *
 * Its errors are `ERR_TOKEN_CACHE`, and say what mends them.
 */
export class FileTokenCache implements TokenCache {
  readonly name = "file"
  readonly durable = true
  readonly #path: string
  readonly #isDirectory: boolean
  readonly #options: { readonly allowNetworkFileSystem: boolean; readonly pollMs: number; readonly clock: Clock }
  readonly #stores = new Map<string, KeyStore>()
  readonly #closed = new Subject<void>()
  #isClosed = false

  /**
   * @param target a file, for one key; or `{ directory }`, for any number. Relative to the working directory at this
   *   moment; `~` is not expanded. Created when first written to.
   * @throws TypeError naming the option.
   */
  constructor(target: FileTokenCacheTarget, options: FileTokenCacheOptions = {}) {
    assertOptions("FileTokenCache", options, NAMES)
    const { allowNetworkFileSystem = false, pollMs = 1_000, clock = systemClock } = options
    if (typeof allowNetworkFileSystem !== "boolean") throw new TypeError("allowNetworkFileSystem must be true or false")
    assertMilliseconds("pollMs", pollMs, { least: 10, most: LONGEST_TIMER_MS })
    assertClock(clock)
    this.#options = { allowNetworkFileSystem, pollMs, clock }
    this.#isDirectory = typeof target !== "string"
    this.#path = typeof target === "string" ? filePath(target) : directoryPath(target)
  }

  get(key: string): Promise<StoredToken | undefined> {
    return this.#withStore(key, (store) => store.get())
  }

  /** A record that is not of a higher generation than the one there is refused, too; committing the same one again is not. */
  commit(key: string, record: StoredToken, { expected }: CommitOptions): Promise<Commit> {
    return this.#withStore(key, (store) => store.commit(record, expected))
  }

  delete(key: string): Promise<void> {
    return this.#withStore(key, (store) => store.delete())
  }

  claim(key: string, { what }: ClaimSubject): Claim {
    return this.#storeOf(key).claim(what)
  }

  /** Emits after every write, the subscriber's own process included, that the subscriber has not seen by `get` before it subscribed. */
  changes(key: string): Observable<void> {
    const store = this.#storeOf(key)
    return defer(() => (this.#isClosed ? EMPTY : store.changes().pipe(takeUntil(this.#closed))))
  }

  /** Completes what {@link changes} has given. What is stored stays usable. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#closed.next()
  }

  async #withStore<T>(key: string, action: (store: KeyStore) => Promise<T>): Promise<T> {
    return action(this.#storeOf(key))
  }

  #storeOf(key: string): KeyStore {
    const known = this.#stores.get(key)
    if (known !== undefined) return known
    if (!this.#isDirectory && this.#stores.size > 0) throw this.#secondKey()
    const path = this.#isDirectory ? join(this.#path, `${fileNameOf(key)}.json`) : this.#path
    const store = new KeyStore({ path, key, ...this.#options })
    this.#stores.set(key, store)
    return store
  }

  #secondKey(): TokenError {
    return new TokenError(
      "ERR_TOKEN_CACHE",
      `${basename(this.#path)} holds the token of one key: for several keys use new FileTokenCache({ directory: … })`,
      { transient: false },
    )
  }
}

// not every file system tells capitals apart, and Windows reserves some names
const READABLE = /^(?!sha256-|(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9._-]{1,64}$/

function fileNameOf(key: string): string {
  return READABLE.test(key) ? key : `sha256-${hashOf(key)}`
}

function filePath(path: string): string {
  const resolved = pathOf(path, TARGET)
  if (!path.endsWith("/") && !path.endsWith(sep)) return resolved
  throw new TypeError("the path must name a file; for a directory use new FileTokenCache({ directory: … })")
}

// whoever calls from JavaScript may give anything
function directoryPath(target: unknown): string {
  const isObject = typeof target === "object" && target !== null
  return isObject && "directory" in target
    ? pathOf(own(target, "directory"), "directory must be a path")
    : pathOf(target, TARGET)
}

const TARGET = "target must be the path of a file, or { directory }"
