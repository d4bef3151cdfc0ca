import { setTimeout as wait } from "node:timers/promises"
import type pg from "pg"
import type { PresentationBook } from "./presentation-book.js"
import type { UserSession } from "./user-session.js"

export interface SessionVerdictsOptions {
  readonly book: PresentationBook
  readonly pool: pg.Pool
}

/** What must not be, told apart from what nobody can help: a server killed between the issuer's answer and its commit. */
export class SessionVerdicts {
  readonly windowsMs: number[] = []
  readonly #options: SessionVerdictsOptions
  readonly #dead = new Set<string>()
  /** Refresh tokens lost in that window, by their hashes, and whose they were. */
  readonly #lost = new Map<string, string>()
  readonly #found: { readonly what: string; readonly user: string | undefined }[] = []

  constructor(options: SessionVerdictsOptions) {
    this.#options = options
  }

  /** All but those of users whose token was lost in that window. */
  get violations(): readonly string[] {
    const users = new Set(this.#lost.values())
    return this.#found.filter(({ user }) => user === undefined || !users.has(user)).map(({ what }) => what)
  }

  violated(what: string, user?: string): void {
    this.#found.push({ what: user === undefined ? what : `${user}: ${what}`, user })
  }

  isLost(user: string): boolean {
    return [...this.#lost.values()].includes(user)
  }

  /** Once what it had sent is processed, by issuer and database: what of it is in no row is lost. */
  async afterKill(server: string, at: number): Promise<void> {
    const { book, pool } = this.#options
    const connections = "SELECT 1 FROM pg_stat_activity WHERE application_name = $1"
    while (book.underWayOf(server) > 0 || (await pool.query(connections, [server])).rowCount !== 0) await wait(10)
    this.#dead.add(server)
    for (const { user, spends } of await this.#rows()) {
      const spent = book.spent(spends)
      if (spent?.by !== server || this.#lost.has(spends)) continue
      this.#lost.set(spends, user)
      this.windowsMs.push(Math.max(0, at - spent.at))
    }
  }

  /** Nobody asks any more. */
  async afterAll(sessions: readonly UserSession[]): Promise<void> {
    const { book } = this.#options
    for (const session of sessions) await session.askAtTheEnd()
    const rows = await this.#rows()
    const users = new Set(rows.map(({ user }) => user))
    for (const { name, state } of sessions) {
      if (state === "signed-out" && users.has(name)) this.violated("signed out, and there is a row", name)
      if (state === "signed-in" && !users.has(name)) this.violated("signed in, and there is no row", name)
    }
    for (const { user, spends } of rows) {
      if (book.spent(spends) !== undefined) this.violated("what is in the row is spent", user)
    }
    for (const [hash, servers] of book.again) {
      if (!this.#lost.has(hash)) this.violated(`a refresh token was presented ${servers.length} times`)
      const wereAlive = servers.slice(0, -1).filter((server) => !this.#dead.has(server))
      if (wereAlive.length > 0) this.violated("a refresh token was presented again, though its owner lives")
    }
  }

  async #rows() {
    const { rows } = await this.#options.pool.query<{ user_id: string; value: string }>(
      "SELECT user_id, value FROM session_tokens",
    )
    return rows.map(({ user_id: user, value }) => {
      const { spends } = JSON.parse(value) as { readonly spends?: string }
      if (spends === undefined) this.violated("a row does not say what it spends", user)
      return { user, spends: spends ?? "" }
    })
  }
}
