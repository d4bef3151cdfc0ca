import fs from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { createDirectory } from "./durable-write.js"
import { refusal, unlessMissing } from "./file-failure.js"
import { checkPrivateDirectory, type StoreReport } from "./private-file.js"

/** Where a store really is. */
export interface StorePaths {
  /** The store file, in the real path of its directory. */
  readonly store: string
  /** `<store>.d`: generations, claims, marks and whatever else belongs to it. */
  readonly side: string
}

export interface StoreDirectoryOptions {
  readonly allowNetworkFileSystem: boolean
  readonly report: StoreReport
}

/** Finds, checks and creates the directories of one store. */
export class StoreDirectory {
  readonly path: string
  readonly #options: StoreDirectoryOptions
  #paths: StorePaths | undefined

  constructor(path: string, options: StoreDirectoryOptions) {
    this.path = path
    this.#options = options
  }

  /** Creates nothing. Undefined: the store's directory is not there. @throws TokenError for a network file system */
  async locate(): Promise<StorePaths | undefined> {
    if (this.#paths === undefined) {
      const directory = await unlessMissing(() => fs.realpath(dirname(this.path)))
      if (directory === undefined) return undefined
      if (!this.#options.allowNetworkFileSystem) await refuseNetworkFileSystem(directory)
      const store = join(directory, basename(this.path))
      this.#paths = { store, side: `${store}.d` }
    }
    await checkPrivateDirectory(this.#paths.side, this.#options.report)
    return this.#paths
  }

  /** Creates what is missing, with mode 0700. */
  async ensure(): Promise<StorePaths> {
    let paths = await this.locate()
    if (paths === undefined) {
      await createDirectory(dirname(this.path))
      paths = await this.locate()
    }
    if (paths === undefined) throw refusal(`${dirname(this.path)} was removed while it was being created`)
    await createDirectory(paths.side)
    return paths
  }
}

// statfs(2): NFS, SMB, CIFS, SMB2. Exclusive creation and mtimes cannot be relied upon there.
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42])

async function refuseNetworkFileSystem(directory: string): Promise<void> {
  if (process.platform !== "linux") return // the numbers mean something else elsewhere
  const { type } = await fs.statfs(directory)
  if (!NETWORK_FILE_SYSTEMS.has(type >>> 0)) return
  throw refusal(
    `${directory} is on a network file system (NFS or SMB), where claims are not reliable: ` +
      "use a local path, or a Redis or Postgres cache, or set allowNetworkFileSystem",
  )
}
