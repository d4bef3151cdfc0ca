import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RealIssuer, type RealIssuerOptions } from "../../test/issuer/real-issuer.js"
import { Api } from "./api.js"

/** What an example needs around it, and a real program has: an issuer, an API that believes it, a place for files. */
export class Sandbox {
  readonly issuer: RealIssuer
  readonly api: Api
  readonly #directory: string

  private constructor(issuer: RealIssuer, api: Api, directory: string) {
    this.issuer = issuer
    this.api = api
    this.#directory = directory
  }

  static async start(options: RealIssuerOptions = {}): Promise<Sandbox> {
    const issuer = await RealIssuer.start(options)
    const api = await Api.start((accessToken) => issuer.accepts(accessToken))
    const directory = mkdtempSync(join(tmpdir(), "evertoken-example-"))
    // with the process: a watcher that is still alive then would put the file back
    process.once("exit", () => rmSync(directory, { recursive: true, force: true }))
    return new Sandbox(issuer, api, directory)
  }

  /** A file of this name in a directory that ends with the process. */
  path(name: string): string {
    return join(this.#directory, name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.close()
    await this.issuer.close()
  }
}
