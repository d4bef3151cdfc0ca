import { setTimeout as wait } from "node:timers/promises"
import { seededRandom } from "evertoken/testing"
import { PresentationBook } from "./presentation-book.js"
import { SessionServers } from "./session-servers.js"
import { SessionVerdicts } from "./session-verdicts.js"
import { UserSession } from "./user-session.js"

export interface SessionChaosOptions {
  /** Where the programs of PostgreSQL are. */
  readonly programs: string
  /** Ends after so many. */
  readonly kills: number
  /** How many are signed in at a time. */
  readonly users: number
  readonly seed: number
  readonly onProgress?: (counts: SessionChaosCounts) => void
}

export interface SessionChaosCounts {
  kills: number
  /** Of these, while a request of the killed was under way at the issuer. */
  inRenewal: number
  /** Refresh tokens that the issuer has rotated. */
  rotations: number
  signIns: number
  signOuts: number
  /** Requests answered by a token. */
  answers: number
  /** Requests whose connection the killed server reset. */
  resets: number
  /** Killed after the issuer had rotated, before the row was written. */
  windows: number
  /** Of these, those whose spent refresh token was presented once more, as a last try. */
  lastTries: number
  familiesRevoked: number
  /** Users signed in at the end who were asked once more, after all was quiet. */
  stayed: number
}

export interface SessionChaosResult {
  readonly options: SessionChaosOptions
  readonly counts: SessionChaosCounts
  readonly violations: readonly string[]
  /** How long before the kill the issuer had rotated, where the answer was lost, in milliseconds. */
  readonly windowsMs: readonly number[]
  readonly durationMs: number
}

const SERVERS = 4
/** Long enough for whoever takes over from the killed: a lease, and a last try. */
const LIFETIME_S = 60
const SLOWEST_MS = 80

/** Kills servers of a web application at random moments, while users sign in, ask with stale cookies, and sign out. */
export async function runSessionChaos(options: SessionChaosOptions): Promise<SessionChaosResult> {
  const startedAt = Date.now()
  const { programs, kills, users, seed, onProgress } = options
  const book = new PresentationBook()
  const { onTokenRequest, onTokenAnswer } = book
  const issuerOptions = { lifetimeSeconds: LIFETIME_S, onTokenRequest, onTokenAnswer }
  await using servers = await SessionServers.start(programs, SERVERS, issuerOptions)
  const counts: SessionChaosCounts = {
    ...{ kills: 0, inRenewal: 0, rotations: 0, signIns: 0, signOuts: 0, answers: 0, resets: 0 },
    ...{ windows: 0, lastTries: 0, familiesRevoked: 0, stayed: 0 },
  }
  const verdicts = new SessionVerdicts({ book, pool: servers.pool })
  const over = new AbortController()
  const seats = Array.from({ length: users }, async (_, seat) => {
    const random = seededRandom(seed + 1 + seat)
    const sessions: UserSession[] = []
    while (!over.signal.aborted) {
      const session = new UserSession(`user-${seat}-${sessions.length}`, { servers, verdicts, counts, random })
      sessions.push(session)
      await session.run(over.signal)
    }
    return sessions
  })
  const random = seededRandom(seed)
  // one of the servers of each half at a time: the others go on
  const halves = [0, 1].map(async (half) => {
    while (counts.kills < kills) {
      counts.kills += 1
      await killOne(half + 2 * Math.floor(random() * (SERVERS / 2)))
      onProgress?.(counts)
    }
  })
  await Promise.all(halves)
  over.abort()
  const sessions = (await Promise.all(seats)).flat()
  await verdicts.afterAll(sessions)
  counts.stayed = sessions.filter(({ state }) => state === "signed-in").length
  const again = book.again.length
  counts.rotations = book.rotations
  counts.windows = verdicts.windowsMs.length
  counts.lastTries = again
  counts.familiesRevoked = servers.issuer.revokedFamilies
  if (counts.familiesRevoked > again) verdicts.violated("a family was revoked without a last try")
  if (counts.rotations === 0) verdicts.violated("nothing was renewed: nothing is shown")
  const { violations, windowsMs } = verdicts
  return { options, counts, violations, windowsMs, durationMs: Date.now() - startedAt }

  /** At any moment, or soon after it has sent a refresh token. */
  async function killOne(place: number): Promise<void> {
    const { name } = servers.servers[place] ?? { name: "" }
    const delayMs = random() < 0.5 ? 0 : random() * SLOWEST_MS
    servers.issuer.slowDown(delayMs)
    await wait(random() * 1_000)
    if (random() < 0.6) {
      await Promise.race([book.nextOf(name), wait(2_000)])
      await wait(random() * (delayMs + 40))
    }
    if (book.underWayOf(name) > 0) counts.inRenewal += 1
    const at = Date.now()
    await servers.kill(place)
    await verdicts.afterKill(name, at)
    await servers.restart(place)
  }
}
