import { setTimeout as wait } from "node:timers/promises"
import type { SessionChaosCounts } from "./chaos-run.js"
import type { PageAnswer, SessionServers } from "./session-servers.js"
import type { SessionVerdicts } from "./session-verdicts.js"

export interface UserSessionOptions {
  readonly servers: SessionServers
  readonly verdicts: SessionVerdicts
  readonly counts: SessionChaosCounts
  readonly random: () => number
}

const FIRST_TOKEN_MS = 60_000
const LONGEST_PAUSE_MS = 300

/** A user who signs in, asks for pages, some at once, and perhaps signs out. What is reset by a killed server is asked again. */
export class UserSession {
  readonly name: string
  state: "signed-in" | "signed-out" | "lost" = "signed-in"
  readonly #options: UserSessionOptions
  #jar = new Map<string, string>()

  constructor(name: string, options: UserSessionOptions) {
    this.name = name
    this.#options = options
  }

  /** @param over whoever is signed in then stays so */
  async run(over: AbortSignal): Promise<void> {
    const { random, counts } = this.#options
    await this.#signIn()
    counts.signIns += 1
    const first = new Map(this.#jar)
    // most stay shortly, some for as long as several tokens
    const untilMs = Date.now() + random() * (random() < 0.15 ? 90_000 : 2_500)
    while (this.state === "signed-in" && Date.now() < untilMs && !over.aborted) {
      await this.#pages(1 + Math.floor(random() * 3))
      await wait(random() * LONGEST_PAUSE_MS)
    }
    if (this.state !== "signed-in" || over.aborted || random() < 0.2) return
    await this.#signOut(first)
  }

  /** Whoever is signed in, or out, is it on all servers. */
  async askAtTheEnd(): Promise<void> {
    const { servers, verdicts } = this.#options
    if (verdicts.isLost(this.name)) this.state = "lost"
    if (this.state === "lost") return
    const expected = this.state === "signed-in" ? 200 : 401
    for (const place of servers.servers.keys()) {
      const answer = await servers.ask(place, "/", this.#jar)
      if (answer.status !== expected) verdicts.violated(`${this.state}, and told ${told(answer)}`, this.name)
    }
  }

  async #signIn(): Promise<void> {
    const { servers, verdicts } = this.#options
    const answer = await this.#insisted("/login", async () => ({
      userId: this.name,
      refreshToken: await servers.issuer.issueRefreshToken(),
      leftMs: FIRST_TOKEN_MS,
    }))
    if (answer.status !== 200) verdicts.violated(`cannot sign in: ${told(answer)}`, this.name)
  }

  /** Some at once, as a browser does; the cookies of the last answer stay. */
  async #pages(count: number): Promise<void> {
    const { verdicts, counts } = this.#options
    await Promise.all(
      Array.from({ length: count }, async () => {
        const jar = new Map(this.#jar)
        const answer = await this.#asked("/", jar)
        if (answer === undefined) return
        if (answer.status === 200) {
          counts.answers += 1
          this.#jar = jar
        } else {
          if (verdicts.isLost(this.name)) this.state = "lost"
          verdicts.violated(`signed in, and told ${told(answer)}`, this.name)
        }
      }),
    )
  }

  /** While a renewal may be under way. @param first the stale cookie that the session began with */
  async #signOut(first: ReadonlyMap<string, string>): Promise<void> {
    const { verdicts, counts, random } = this.#options
    const meanwhile = random() < 0.5 ? this.#asked("/", new Map(first)) : undefined
    await wait(random() * 30)
    const answer = await this.#insisted("/logout", () => Promise.resolve({}))
    if (answer.status !== 200) verdicts.violated(`cannot sign out: ${told(answer)}`, this.name)
    this.state = "signed-out"
    counts.signOuts += 1
    if (this.#jar.size > 0) verdicts.violated("signed out, and has a cookie", this.name)
    await meanwhile
    this.#jar = new Map(first)
    const after = await this.#insisted("/", () => Promise.resolve(undefined))
    if (after.status !== 401) verdicts.violated(`signed out, and told ${told(after)}`, this.name)
    this.#jar = new Map(first)
  }

  /** Until some server answers. */
  async #insisted(path: string, fields: () => Promise<object | undefined>): Promise<PageAnswer> {
    for (;;) {
      const answer = await this.#asked(path, this.#jar, await fields())
      if (answer !== undefined) return answer
    }
  }

  /** Undefined: the server was killed. */
  async #asked(path: string, jar: Map<string, string>, fields?: object): Promise<PageAnswer | undefined> {
    const { servers, verdicts, counts, random } = this.#options
    const running = [...servers.servers.entries()].filter(([, { isRunning }]) => isRunning)
    const [place = 0, server] = running[Math.floor(random() * running.length)] ?? []
    try {
      return await servers.ask(place, path, jar, fields)
    } catch (error) {
      // the news of its end may come later than that of the connection's
      await wait(50)
      const { code } = error as { readonly code?: string }
      if (server?.isRunning === true) verdicts.violated(`no answer of a server that runs: ${code}`, this.name)
      counts.resets += 1
      return undefined
    }
  }
}

function told({ status, body }: PageAnswer): string {
  return `${status} ${body.code ?? ""}`
}
