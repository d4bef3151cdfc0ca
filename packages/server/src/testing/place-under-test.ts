import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseConfig } from "../config/read-config.js"
import type { Config } from "../config/config.js"

/** A directory for one server: its configuration, socket, state. */
export class PlaceUnderTest implements AsyncDisposable {
  readonly directory: string
  readonly file: string
  readonly socket: string

  private constructor(directory: string) {
    this.directory = directory
    this.file = join(directory, "evertoken.yaml")
    this.socket = join(directory, "run", "evertoken.sock")
  }

  static async make(): Promise<PlaceUnderTest> {
    return new PlaceUnderTest(await mkdtemp(join(tmpdir(), "evertoken-")))
  }

  /** The text of a configuration: JSON is YAML. */
  text(tokens: object, others: object = {}): string {
    return JSON.stringify({ listen: { socket: this.socket }, stateDirectory: "state", tokens, ...others })
  }

  config(tokens: object, others: object = {}): Config {
    return parseConfig(this.text(tokens, others), { file: this.file, baseDirectory: this.directory })
  }

  /** Writes it where commands look for it. */
  async write(tokens: object, others: object = {}): Promise<void> {
    await writeFile(this.file, this.text(tokens, others), { mode: 0o600 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** A token of a client without a secret. */
export function tokenOf(issuer: string, others: object = {}): object {
  return { grant: "client_credentials", issuer, client: { id: "app", authentication: "none" }, ...others }
}
