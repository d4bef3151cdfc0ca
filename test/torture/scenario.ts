import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Authority } from "../hostile/certificates.js"
import type { Peer } from "./peers.js"
import { startProgram, type Run, type Running, type Seen } from "./program.js"
import { CLIENT_ID, TokenServer } from "./token-server.js"

export interface Verdict {
  /** `option`: not by default, but with an option of the peer. */
  readonly mark: "ok" | "option" | "not" | "n.a."
  /** What was counted or seen; for `n.a.` why. */
  readonly seen: string
}

/** A known failure of this field. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** What is counted, and what is ok. */
  readonly ok: string
  /** It mostly waits: all peers go through it at once. */
  readonly waits?: boolean
  run(stage: Stage): Promise<Verdict>
}

/** Who plays what. `withOptions`: with those that the peer's file has for this scenario. */
export interface Casting {
  readonly peer: Peer
  readonly scenario: Scenario
  readonly withOptions?: boolean
}

/** A token server for one peer in one scenario, and a directory for what it keeps. */
export class Stage {
  readonly server: TokenServer
  readonly #peer: Peer
  readonly #scenario: string
  readonly #withOptions: boolean
  readonly #refreshToken: string
  readonly #directory: string
  readonly #authorityFile: string

  private constructor(
    { peer, scenario, withOptions = false }: Casting,
    server: TokenServer,
    directory: string,
    authorityFile: string,
  ) {
    this.#peer = peer
    this.#scenario = scenario.name
    this.#withOptions = withOptions
    this.server = server
    this.#refreshToken = server.refreshToken
    this.#directory = directory
    this.#authorityFile = authorityFile
  }

  static async set(casting: Casting): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), "evertoken-torture-"))
    const authority = await Authority.create("torture")
    const authorityFile = join(directory, "authority.pem")
    await writeFile(authorityFile, authority.certificate)
    return new Stage(casting, await TokenServer.start(authority), directory, authorityFile)
  }

  start(program: string, limitMs = 30_000): Running {
    const { url, clientSecret } = this.server
    return startProgram(program, {
      settings: {
        peer: this.#peer.module,
        issuer: url,
        tokenEndpoint: `${url}/token`,
        api: `${url}/api`,
        clientId: CLIENT_ID,
        clientSecret,
        // the one of the sign-in, also for a process that starts when it has been replaced
        refreshToken: this.#refreshToken,
        directory: this.#directory,
        // whose options of this scenario the peer is opened with
        ...(this.#withOptions && { withOptionsFor: this.#scenario }),
      },
      authorityFile: this.#authorityFile,
      limitMs,
    })
  }

  /** The program, to its end. */
  run(program: string, limitMs?: number): Promise<Run> {
    return this.start(program, limitMs).ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The verdict on what a program told; on one that told nothing or has no such thing, what became of it. */
export function judge(run: Run, judgeSeen: (seen: Seen) => readonly [boolean, string]): Verdict {
  const { seen, exitCode, timedOut, stderr } = run
  if (typeof seen?.["missing"] === "string") return { mark: "n.a.", seen: seen["missing"] }
  if (seen === undefined) {
    const error = /^\w*Error.*$/m.exec(stderr)?.[0].slice(0, 80)
    return {
      mark: "not",
      seen: timedOut ? "never came back" : `died, exit code ${exitCode}${error ? `: ${error}` : ""}`,
    }
  }
  const [isOk, text] = judgeSeen(seen)
  return { mark: isOk ? "ok" : "not", seen: text }
}

/** "1 request", "3 requests". */
export function requests(count: number, kind = "request"): string {
  return `${count} ${kind}${count === 1 ? "" : "s"}`
}
