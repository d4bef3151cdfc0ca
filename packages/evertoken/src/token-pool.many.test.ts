import { expect, test } from "vitest"
import { seededRandom } from "./random.js"
import { tokenOf } from "./testing/internal/answering-source.js"
import { VirtualClock } from "./testing/virtual-clock.js"
import { TokenPool } from "./token-pool.js"
import type { TokenRequest, TokenSource } from "./token-source.js"

const HOUR = 3_600_000
const KEYS = 5_000
const CONCURRENCY = 8

/** One issuer for all keys; notes when it is asked, and how many requests it has at once. */
class BusyIssuer implements TokenSource {
  readonly renewedAt: number[] = []
  mostAtOnce = 0
  readonly #clock: VirtualClock
  readonly #startedAt: number
  #atOnce = 0
  #asked = 0

  constructor(clock: VirtualClock) {
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  async getToken({ newerThan }: TokenRequest = {}) {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
    if (newerThan !== undefined) {
      this.renewedAt.push(this.#clock.now() - this.#startedAt)
      await new Promise<void>((resolve) => this.#clock.setTimer(resolve, 250))
    }
    // one turn at least, in which others may come
    await Promise.resolve()
    this.#atOnce--
    return tokenOf(`token-${++this.#asked}`, this.#clock)
  }
}

test("keys that all begin at once are renewed spread over time, and never more than concurrency at once", async () => {
  const clock = new VirtualClock()
  const issuer = new BusyIssuer(clock)
  const pool = new TokenPool(() => issuer, { clock, random: seededRandom(3), concurrency: CONCURRENCY })
  await Promise.all(Array.from({ length: KEYS }, (_, n) => pool.getToken(`key-${n}`)))
  expect(issuer.mostAtOnce).toBe(CONCURRENCY)
  issuer.mostAtOnce = 0
  await clock.advance(0.75 * HOUR + 60_000)
  expect(issuer.renewedAt).toHaveLength(KEYS)
  expect(issuer.mostAtOnce).toBe(CONCURRENCY)
  // drawn from the last tenth of the three quarters of an hour for which they are fresh
  const [from, lengthMs] = [0.675 * HOUR, 0.075 * HOUR]
  expect(Math.min(...issuer.renewedAt)).toBeGreaterThanOrEqual(from)
  const tenths = Array.from({ length: 10 }, () => 0)
  for (const at of issuer.renewedAt) {
    const tenth = Math.min(9, Math.floor((10 * (at - from)) / lengthMs))
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }
  expect(Math.min(...tenths)).toBeGreaterThan(0.8 * (KEYS / 10))
  expect(Math.max(...tenths)).toBeLessThan(1.2 * (KEYS / 10))
  await pool.close()
})
