import { watch, type FSWatcher } from "node:fs"
import fs from "node:fs/promises"
import { Observable } from "rxjs"
import type { Clock, Timer } from "../clock.js"

export interface ChangeWatch {
  /** Where something happens when there is news: the first of these directories that is there is watched. */
  readonly directories: () => Promise<readonly string[]>
  /** Looks whether there is news since the last call. */
  readonly hasChanged: () => Promise<boolean>
  readonly clock: Clock
  /** How often to look even if the system has told nothing, in milliseconds. */
  readonly pollMs: number
}

/**
 * Emits when `hasChanged` says so: looks when the system tells that something happened in the directory, and now and then
 * besides, since not every file system tells. Never errors, keeps no process alive, survives that the directory is
 * removed and comes back.
 */
export function observeChanges(open: () => ChangeWatch): Observable<void> {
  return new Observable((subscriber) => {
    const watcher = new ChangeWatcher(open(), () => subscriber.next())
    watcher.start()
    return () => watcher.stop()
  })
}

class ChangeWatcher {
  readonly #options: ChangeWatch
  readonly #emit: () => void
  #timer: Timer | undefined
  #watched: { readonly inode: number; readonly watcher: FSWatcher } | undefined
  #looking = false
  #again = false
  #stopped = false

  constructor(options: ChangeWatch, emit: () => void) {
    this.#options = options
    this.#emit = emit
  }

  start(): void {
    void this.#poll()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#unwatch()
  }

  async #poll(): Promise<void> {
    await this.#look()
    if (this.#stopped) return
    const { clock, pollMs } = this.#options
    this.#timer = clock.setTimer(() => void this.#poll(), pollMs, { ref: false })
  }

  async #look(): Promise<void> {
    this.#again = true
    if (this.#looking) return
    this.#looking = true
    while (this.#again && !this.#stopped) {
      this.#again = false
      if (await this.#lookOnce()) this.#tell()
    }
    this.#looking = false
  }

  #tell(): void {
    if (!this.#stopped) this.#emit()
  }

  // a store that cannot be read now is no news; whoever reads it is told why
  async #lookOnce(): Promise<boolean> {
    try {
      await this.#watch()
      return await this.#options.hasChanged()
    } catch {
      return false
    }
  }

  async #watch(): Promise<void> {
    const found = await firstOf(await this.#options.directories())
    if (found?.inode === this.#watched?.inode) return
    this.#unwatch()
    if (found === undefined || this.#stopped) return
    try {
      const watcher = watch(found.directory, { persistent: false }, () => void this.#look())
      watcher.on("error", () => this.#unwatch())
      this.#watched = { inode: found.inode, watcher }
    } catch {
      // no more watches to be had from the system, or the directory has just gone: polling goes on
    }
  }

  #unwatch(): void {
    this.#watched?.watcher.close()
    this.#watched = undefined
  }
}

async function firstOf(directories: readonly string[]) {
  for (const directory of directories) {
    const stats = await fs.stat(directory).catch(() => undefined)
    if (stats !== undefined) return { directory, inode: stats.ino }
  }
  return undefined
}
