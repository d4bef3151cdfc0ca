import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Authority } from "../hostile/certificates.js"
import { CLIENT_ID, TokenServer } from "../torture/token-server.js"

/** How a program opens its subject. */
export interface SubjectSettings {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly api: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly directory: string
}

/** The token server of this process, for programs in processes of their own, and a directory for what they keep. */
export class MeasuringServer {
  /** Vouches for the server, in PEM. */
  readonly authorityFile: string
  readonly #server: TokenServer
  readonly #directory: string

  private constructor(server: TokenServer, directory: string, authorityFile: string) {
    this.#server = server
    this.#directory = directory
    this.authorityFile = authorityFile
  }

  static async start(): Promise<MeasuringServer> {
    const directory = await mkdtemp(join(tmpdir(), "evertoken-side-by-side-"))
    const authority = await Authority.create("side by side")
    const authorityFile = join(directory, "authority.pem")
    await writeFile(authorityFile, authority.certificate)
    return new MeasuringServer(await TokenServer.start(authority), directory, authorityFile)
  }

  /** How many requests for a token have come. */
  get requests(): number {
    return this.#server.requests.length
  }

  /** For one subject, or for some that share what is in the directory. */
  async settings(): Promise<SubjectSettings> {
    const { url, clientSecret, refreshToken } = this.#server
    const directory = await mkdtemp(join(this.#directory, "kept-"))
    const endpoints = { issuer: url, tokenEndpoint: `${url}/token`, api: `${url}/api` }
    return { ...endpoints, clientId: CLIENT_ID, clientSecret, refreshToken, directory }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 })
  }
}
