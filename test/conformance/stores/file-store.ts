import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { setImmediate as turn } from "node:timers/promises"
import type { Clock, StoredToken, TokenCache } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import type { OpenStore, StoreMishap, StoreUnderTest } from "./store-under-test.js"

/** The real `FileTokenCache` in a directory of its own. */
export const fileStore: StoreUnderTest = {
  name: "file",
  open: async () => new TemporaryDirectory(await mkdtemp(join(tmpdir(), "evertoken-conformance-"))),
  settle: whenFilesRest,
}

// the system tells at once what happens; looking oneself is for file systems that do not tell
const POLL_MS = 30_000

class TemporaryDirectory implements OpenStore {
  readonly #directory: string
  #backup = new Map<string, Buffer>()

  constructor(directory: string) {
    this.#directory = directory
  }

  connect(clock: Clock): TokenCache {
    return new FileTokenCache({ directory: this.#directory }, { clock, pollMs: POLL_MS })
  }

  read(key: string): Promise<StoredToken | undefined> {
    return new FileTokenCache({ directory: this.#directory }).get(key)
  }

  async suffer(mishap: StoreMishap): Promise<boolean> {
    const records = await this.#files(mishap === "copy is torn" ? isCopy : isRecord)
    if (mishap === "is backed up") {
      this.#backup = new Map(await Promise.all(records.map(async (path) => [path, await readFile(path)] as const)))
      return true
    }
    for (const path of records) await (mishap.endsWith("torn") ? tear(path) : rm(path))
    if (mishap === "is restored") {
      for (const [path, content] of this.#backup) await writeFile(path, content, { mode: 0o600 })
    }
    return true
  }

  visibleNames(): Promise<readonly string[]> {
    return this.#files(() => true)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #files(accepts: (name: string) => boolean): Promise<string[]> {
    const paths = (await readdir(this.#directory, { recursive: true })).map((name) => join(this.#directory, name))
    return paths.filter((path) => accepts(basename(path)))
  }
}

function isCopy(name: string): boolean {
  return name.endsWith(".json")
}

function isRecord(name: string): boolean {
  return isCopy(name) || name.startsWith("gen-")
}

/** As a write that a power failure has cut short. */
async function tear(path: string): Promise<void> {
  const { size } = await stat(path)
  await truncate(path, Math.floor(size / 2))
}

// a chain of calls has one of them under way at each turn; what the system tells of a change comes a turn later
const QUIET_TURNS = 3

async function whenFilesRest(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS;) {
    await turn()
    const isBusy = process.getActiveResourcesInfo().some((name) => /^(FSReq|CloseReq)/.test(name))
    quiet = isBusy ? 0 : quiet + 1
  }
}
