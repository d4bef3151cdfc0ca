import { constants, type Stats } from "node:fs"
import fs from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Observable } from "rxjs"
import { assertClock, systemClock, type Clock } from "../clock.js"
import { TokenError } from "../errors.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { fingerprintOf, type TokenRequest, type TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { namesIn } from "./durable-write.js"
import { explained } from "./file-failure.js"
import { observeChanges } from "./file-changes.js"
import { generationName, generationsIn } from "./generations.js"
import { pathOf } from "../path-option.js"
import { decodeRecord, LARGEST_RECORD_BYTES } from "../stored-record.js"
import { readTokenText } from "./token-text.js"

/** How long the tokens in a file last that do not say so themselves. Checked when it is constructed, never changed. */
export interface FileTokenSourceOptions {
  /**
   * For how long a token is taken to be good, in milliseconds, after it was read from a file that does not say: that is,
   * how often an unchanged file is read again. Default 300,000.
   */
  readonly lifetimeMs?: number | undefined
  /** How often `changes()` looks by itself, besides being told by the system, in milliseconds. Default 1,000. */
  readonly pollMs?: number | undefined
  /** Default: the machine's own. */
  readonly clock?: Clock | undefined
}

const NAMES: OptionNames<FileTokenSourceOptions> = { lifetimeMs: true, pollMs: true, clock: true }

/**
 * A token that some other program keeps in a file, read only: a projected Kubernetes token, a sidecar's, the store of
 * another evertoken process. Symbolic links are followed. The file is the bare token, or JSON with `access_token` or
 * `accessToken`, and perhaps `expires_at`, `expiresAt`, `expiry`, `expires_on` (seconds, milliseconds or ISO 8601) or
 * `expires_in`. The token itself is never parsed, and a refresh token never taken from there.
 *
 * Read again when it changes. While it is missing, torn or expired: `ERR_TOKEN_SOURCE`, transient. Safe to use
 * concurrently.
 */
export class FileTokenSource implements TokenSource {
  readonly fingerprint: string
  readonly #path: string
  readonly #lifetimeMs: number
  readonly #pollMs: number
  readonly #clock: Clock
  #read: { readonly signature: string; readonly token: Token } | undefined

  /**
   * @param path relative to the working directory at this moment; `~` is not expanded
   * @throws TypeError naming the option.
   */
  constructor(path: string, options: FileTokenSourceOptions = {}) {
    assertOptions("FileTokenSource", options, NAMES)
    const { lifetimeMs = 300_000, pollMs = 1_000, clock = systemClock } = options
    assertMilliseconds("lifetimeMs", lifetimeMs, { least: 1 })
    assertMilliseconds("pollMs", pollMs, { least: 10, most: LONGEST_TIMER_MS })
    assertClock(clock)
    this.#path = pathOf(path, "path must be the path of a file")
    this.#lifetimeMs = lifetimeMs
    this.#pollMs = pollMs
    this.#clock = clock
    this.fingerprint = fingerprintOf({ grant: ["file", this.#path], access: [] })
  }

  /**
   * With `newerThan`: another token, or the same one if it is now known to last longer; else `ERR_TOKEN_UNCHANGED`.
   */
  async getToken({ signal, newerThan }: TokenRequest = {}): Promise<Token> {
    signal?.throwIfAborted()
    const token = await explained(`read the token in ${this.#path}`, () => this.#current(newerThan), "ERR_TOKEN_SOURCE")
    signal?.throwIfAborted()
    if (token.accessToken !== newerThan?.accessToken || token.expiresAt > newerThan.expiresAt) return token
    throw new TokenError("ERR_TOKEN_UNCHANGED", `${this.#path} still has the same token`, { transient: true })
  }

  /** Emits after the file has changed, appeared or gone. Never errors, keeps no process alive. */
  changes(): Observable<void> {
    return observeChanges(() => {
      let seen = this.#read?.signature
      const hasChanged = async () => {
        const signature = signatureOf(await fs.stat(this.#path).catch(() => undefined))
        const isNews = seen !== undefined && signature !== seen
        seen = signature
        return isNews
      }
      return { directories: async () => [dirname(this.#path)], hasChanged, clock: this.#clock, pollMs: this.#pollMs }
    })
  }

  async #current(newerThan: Token | undefined): Promise<Token> {
    const read = this.#read
    const isDue = read === undefined || this.#clock.now() >= read.token.staleAt || newerThan !== undefined
    if (!isDue && signatureOf(await fs.stat(this.#path)) === read.signature) return read.token
    const { bytes, stats } = await readFollowing(this.#path)
    const context = { now: this.#clock.now(), writtenAt: stats.mtimeMs, lifetimeMs: this.#lifetimeMs }
    const found = readTokenText(await newestOf(this.#path, bytes), context)
    if (found.token === undefined) throw this.#unusable(found.problem)
    if (found.token.expiresAt <= context.now) throw this.#unusable("has a token that is expired")
    this.#read = { signature: signatureOf(stats), token: found.token }
    return found.token
  }

  #unusable(problem: string): TokenError {
    return unusable(this.#path, problem)
  }
}

function unusable(path: string, problem: string): TokenError {
  const message = `${path} ${problem}; is the program that writes it running?`
  return new TokenError("ERR_TOKEN_SOURCE", message, { transient: true })
}

async function readFollowing(path: string): Promise<{ readonly bytes: Buffer; readonly stats: Stats }> {
  const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw unusable(path, "is not a regular file")
    if (stats.size > LARGEST_RECORD_BYTES) throw unusable(path, "is far too large for a token")
    return { stats, bytes: await handle.readFile() }
  } finally {
    await handle.close()
  }
}

/** Of our own format the highest generation beside the file counts: the file is a copy that may lag behind. */
async function newestOf(path: string, bytes: Buffer): Promise<Buffer> {
  const { record } = decodeRecord(bytes)
  if (record === undefined) return bytes
  try {
    const side = `${await fs.realpath(path)}.d`
    const [highest] = generationsIn(await namesIn(side))
    if (highest === undefined) return bytes
    const { bytes: newest } = await readFollowing(join(side, generationName(highest)))
    const newer = decodeRecord(newest).record
    return newer !== undefined && newer.version.generation > record.version.generation ? newest : bytes
  } catch {
    return bytes
  }
}

function signatureOf(stats: Stats | undefined): string {
  return stats === undefined ? "none" : [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join()
}
