import { Token, TokenPool, type TokenRequest, type TokenSource } from "evertoken"
import { seededRandom, VirtualClock } from "evertoken/testing"

export interface Renewals {
  readonly renewed: number
  /** Renewals that began in one second, at most. */
  readonly busiestSecond: number
  /** How many that would be if all were spread evenly over the time from which their moments are drawn. */
  readonly evenSecond: number
  readonly mostAtOnce: number
  readonly concurrency: number
  /** Of the process, of one renewal, in microseconds. */
  readonly processorTime: number
}

const HOUR = 3_600_000
const FRESH_MS = 0.75 * HOUR
// randomEarly
const DRAWN_FROM_MS = FRESH_MS / 10
const ANSWER_MS = 50
const CONCURRENCY = 32

/** An hour of a pool all of whose keys had their first use at the same moment, on a virtual clock. */
export async function countRenewals(size: number): Promise<Renewals> {
  const clock = new VirtualClock()
  const issuer = new CountingIssuer(clock)
  const options = { clock, random: seededRandom(size), maximumSize: size, idleMs: 24 * HOUR, concurrency: CONCURRENCY }
  await using pool = new TokenPool(() => issuer, options)
  await Promise.all(Array.from({ length: size }, (_, n) => pool.getToken(`tenant-${n}`)))
  const before = process.cpuUsage()
  await clock.advance(HOUR)
  const { user, system } = process.cpuUsage(before)
  const { renewed, mostAtOnce, busiestSecond } = issuer
  const evenSecond = (size * 1_000) / DRAWN_FROM_MS
  return {
    renewed,
    busiestSecond,
    evenSecond,
    mostAtOnce,
    concurrency: CONCURRENCY,
    processorTime: (user + system) / renewed,
  }
}

/** Gives first tokens at once, later ones after a while. */
class CountingIssuer implements TokenSource {
  renewed = 0
  mostAtOnce = 0
  readonly #clock: VirtualClock
  readonly #begunInSecond = new Map<number, number>()
  #asked = 0
  #atOnce = 0

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  get busiestSecond(): number {
    return [...this.#begunInSecond.values()].reduce((most, count) => Math.max(most, count), 0)
  }

  async getToken({ newerThan }: TokenRequest = {}): Promise<Token> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
    if (newerThan !== undefined) await this.#takeTime()
    // one turn at least, in which others may come
    await Promise.resolve()
    this.#atOnce--
    const issuedAt = this.#clock.now()
    const times = { issuedAt, staleAt: issuedAt + FRESH_MS, expiresAt: issuedAt + HOUR }
    return new Token({ accessToken: `token-${++this.#asked}`, ...times })
  }

  async #takeTime(): Promise<void> {
    const second = Math.floor(this.#clock.now() / 1_000)
    this.#begunInSecond.set(second, (this.#begunInSecond.get(second) ?? 0) + 1)
    await new Promise<void>((resolve) => this.#clock.setTimer(resolve, ANSWER_MS))
    this.renewed++
  }
}
