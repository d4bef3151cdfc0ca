import type { Clock } from "../clock.js"
import { offsetOfStore } from "../store-clock.js"
import type { RedisConnection } from "./redis-connection.js"
import { failure, isUnknownScript, redisFailure } from "./redis-failure.js"
import type { RedisScript } from "./redis-script.js"

export interface ScriptRunnerOptions {
  readonly connection: RedisConnection
  readonly clock: Clock
  /** Whether `clock` takes the place of the server's. */
  readonly replacesServerClock: boolean
}

/** What is to be run, and for what: it completes "cannot …". */
export interface ScriptCall {
  readonly doing: string
  readonly script: RedisScript
  readonly key: string
  readonly args?: readonly (string | number)[]
}

/** What a script has answered. */
export interface ScriptAnswer {
  /** The time by the clock of the store, in epoch milliseconds. */
  readonly now: number
  readonly texts: readonly string[]
  /** By how much that clock is ahead of this process's. */
  readonly offsetMs: number
}

/** A server that is silent for longer gets nothing more but a try now and then, both in milliseconds. */
const LONGEST_SILENCE_MS = 2_000
const TRY_EVERY_MS = 5_000

/**
 * Runs scripts in the server. A client queues what it cannot send, and a server that hangs answers late: so that
 * nothing piles up there, a call is refused while an earlier one has been waiting for long.
 */
export class ScriptRunner {
  readonly #options: ScriptRunnerOptions
  readonly #waiting = new Set<{ readonly since: number }>()
  #sentAt = -Infinity
  #answeredAt = -Infinity

  constructor(options: ScriptRunnerOptions) {
    this.#options = options
  }

  /** @throws TokenError `ERR_TOKEN_CACHE` */
  async run({ doing, script, key, args = [] }: ScriptCall): Promise<ScriptAnswer> {
    const { clock, replacesServerClock } = this.#options
    this.#assertNotSilent(doing)
    const askedAt = clock.now()
    const now = replacesServerClock ? String(Math.round(askedAt)) : ""
    const [first = "", ...texts] = await this.#answerOf(doing, script, key, [now, ...args.map(String)])
    const storeNow = Number(first)
    if (first === "" || !Number.isFinite(storeNow)) throw failure(`cannot ${doing}: no answer that can be used`)
    return { now: storeNow, texts, offsetMs: offsetOfStore({ storeNow, askedAt, answeredAt: clock.now() }) }
  }

  async #answerOf(doing: string, script: RedisScript, key: string, args: readonly string[]) {
    const call = { since: this.#options.clock.monotonic() }
    this.#waiting.add(call)
    this.#sentAt = call.since
    try {
      const answer = await this.#evaluate(script, key, args)
      this.#forgetUpTo(call)
      return textsIn(answer)
    } catch (error) {
      throw redisFailure(doing, error)
    } finally {
      this.#waiting.delete(call)
      this.#answeredAt = this.#options.clock.monotonic()
    }
  }

  // answers come in order: what was asked before, and has none, lost it with its connection, and some clients never tell
  #forgetUpTo(answered: { readonly since: number }): void {
    if (!this.#waiting.has(answered)) return
    for (const call of this.#waiting) {
      if (call === answered) return
      this.#waiting.delete(call)
    }
  }

  async #evaluate(script: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    const { connection } = this.#options
    try {
      return await connection.runKnown(script, key, args)
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return connection.run(script, key, args)
    }
  }

  #assertNotSilent(doing: string): void {
    const [oldest] = this.#waiting
    if (oldest === undefined) return
    const now = this.#options.clock.monotonic()
    const silentMs = now - Math.max(oldest.since, this.#answeredAt)
    if (silentMs <= LONGEST_SILENCE_MS || now - this.#sentAt >= TRY_EVERY_MS) return
    throw failure(`cannot ${doing}: it has not answered for ${Math.round(silentMs)} ms`)
  }
}

// a client may be told to give bytes, or numbers as they are
function textsIn(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : []
}
