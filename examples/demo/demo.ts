import { rmSync } from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RealIssuer } from "../../test/issuer/real-issuer.js"
import { Fleet } from "./fleet.js"
import { Narrator } from "./narrator.js"
import type { DemoOptions } from "./options.js"
import type { Presentation } from "./presentation.js"
import type { Comment, Scene } from "./scene.js"
import { begin, playCycle } from "./story.js"

const CLOSE_TIMEOUT_MS = 5_000

/** The issuer, the processes, and what is said about them. */
export class Demo {
  readonly #directory: string
  readonly #issuer: RealIssuer
  readonly #fleet: Fleet
  readonly #presentation: Presentation
  readonly #comments: Comment[] = []
  readonly #startedAt = Date.now()
  readonly #crash = new AbortController()
  readonly #narrator = new Narrator((text) => this.#say(text))

  private constructor(directory: string, issuer: RealIssuer, options: DemoOptions, presentation: Presentation) {
    this.#directory = directory
    this.#issuer = issuer
    this.#presentation = presentation
    const { clientId, clientSecret } = issuer.clients.basic
    const assignment = { issuer: issuer.url, clientId, clientSecret, file: join(directory, "token.json") }
    this.#fleet = new Fleet(options.processes, assignment, {
      onReport: () => this.#narrator.look(this.#fleet.members),
      onCrash: (error) => this.#crash.abort(error),
    })
  }

  static async create(options: DemoOptions, presentation: Presentation): Promise<Demo> {
    const issuer = await RealIssuer.start({ lifetimeSeconds: options.lifetimeSeconds })
    const directory = await mkdtemp(join(tmpdir(), "evertoken-demo-"))
    return new Demo(directory, issuer, options, presentation)
  }

  get scene(): Scene {
    const { renewals: _renewals, ...counts } = this.#fleet.counts
    const { issued, total } = this.#issuer.requests
    return {
      now: Date.now(),
      issuer: { url: this.#issuer.url, isUp: this.#issuer.isUp },
      members: this.#fleet.members,
      totals: { ...counts, renewals: issued, requests: total },
      comments: this.#comments,
    }
  }

  /** Plays the story, until its end or the signal. Rejects if a process crashes. */
  async play({ cycles = Infinity, lifetimeSeconds }: DemoOptions, quit: AbortSignal): Promise<void> {
    const frames = setInterval(() => this.#presentation.show(this.scene), this.#presentation.everyMs)
    const [issuer, fleet, narrator] = [this.#issuer, this.#fleet, this.#narrator]
    const say = (text: string) => this.#say(text)
    const signal = AbortSignal.any([quit, this.#crash.signal])
    const stage = { issuer, fleet, narrator, lifetimeMs: lifetimeSeconds * 1000, say, signal }
    try {
      await begin(stage)
      for (let cycle = 0; cycle < cycles; cycle++) await playCycle(stage)
    } catch (error) {
      this.#crash.signal.throwIfAborted()
      if (!quit.aborted) throw error
    } finally {
      clearInterval(frames)
    }
  }

  /** Ends all processes in good order. */
  async close(): Promise<void> {
    await this.#fleet.close({ timeoutMs: CLOSE_TIMEOUT_MS })
    await this.#issuer.close()
  }

  /** Leaves nothing behind, at once: for an exit handler. */
  sweep(): void {
    this.#presentation.close()
    this.#fleet.killAll()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #say(text: string): void {
    const comment = { atMs: Date.now() - this.#startedAt, text }
    this.#comments.push(comment)
    this.#presentation.comment(comment)
  }
}
