import type { Lease, LeaseBoard } from "../lease-claim.js"
import type { ClaimView } from "../token-cache.js"
import { ABANDON, EXTEND, LOOK, MARK_SENT, REJECT, RELEASE, TAKE } from "./claim-scripts.js"
import type { RedisScript } from "./redis-script.js"
import type { ScriptRunner } from "./script-runner.js"

// after a failover another server tells the time
const MARK_TOLERANCE_MS = 1_000

export interface RedisClaimBoardOptions {
  readonly redisKey: string
  readonly runner: ScriptRunner
  /** Awaited after a mark. */
  readonly replicated: () => Promise<void>
}

/** The claims on one subject, as a hash in Redis. */
export class RedisClaimBoard implements LeaseBoard {
  readonly #options: RedisClaimBoardOptions

  constructor(options: RedisClaimBoardOptions) {
    this.#options = options
  }

  async look(owner: string): Promise<ClaimView> {
    const { now, texts } = await this.#run("look at the claims in", LOOK)
    const fields = fieldsOf(texts)
    const claims = numbered(fields, "owner").map(([n, name]) => ({
      n,
      isOwn: name === owner,
      isAlive: Number(fields.get(`until:${n}`)) > now,
    }))
    const highest = claims.reduce((a, b) => (b.n > a.n ? b : a), { n: 0, isOwn: false, isAlive: false })
    const sent = numbered(fields, "sent").map(([, at]) => Number(at))
    return {
      n: highest.n,
      owner: highest.n === 0 ? "none" : !highest.isAlive ? "gone" : highest.isOwn ? "self" : "alive",
      othersAlive: claims.some(({ isOwn, isAlive }) => isAlive && !isOwn),
      sentAgoMs: sent.length === 0 ? undefined : agoMs(Math.max(...sent), now),
      rejected: fields.has("rejected"),
    }
  }

  take({ n, owner, leaseMs }: Lease): Promise<boolean> {
    return this.#says("take a claim in", TAKE, [n, owner, leaseMs])
  }

  extend({ n, owner, leaseMs }: Lease): Promise<boolean> {
    return this.#says("extend a claim in", EXTEND, [n, owner, leaseMs])
  }

  async markSent({ n, owner }: Lease): Promise<void> {
    await this.#run("mark a claim as sent in", MARK_SENT, [n, owner])
    await this.#options.replicated()
  }

  async release({ n, owner }: Lease, extent: "own" | "all"): Promise<void> {
    await this.#run("release a claim in", RELEASE, [n, owner, extent])
  }

  async abandon({ n, owner }: Lease): Promise<void> {
    await this.#run("abandon a claim in", ABANDON, [n, owner])
  }

  async reject(): Promise<void> {
    await this.#run("write a tombstone in", REJECT)
  }

  async #says(doing: string, script: RedisScript, args: readonly (string | number)[]): Promise<boolean> {
    const { texts } = await this.#run(doing, script, args)
    return texts[0] === "yes"
  }

  #run(doing: string, script: RedisScript, args: readonly (string | number)[] = []) {
    const { redisKey, runner } = this.#options
    return runner.run({ doing: `${doing} ${redisKey}`, script, key: redisKey, args })
  }
}

/** Name, value, name, value. */
function fieldsOf(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.flatMap((name, i) => (i % 2 === 0 ? [[name, texts[i + 1] ?? ""] as const] : [])))
}

/** The fields `<name>:<n>`, by n. */
function numbered(fields: ReadonlyMap<string, string>, name: string): readonly (readonly [number, string])[] {
  return [...fields].flatMap(([field, value]) => {
    const n = field.startsWith(`${name}:`) ? Number(field.slice(name.length + 1)) : NaN
    return Number.isSafeInteger(n) ? [[n, value] as const] : []
  })
}

// A mark from the future: the clock was set back, or another server has an earlier one. Nobody knows when it was.
function agoMs(time: number, now: number): number {
  return time > now + MARK_TOLERANCE_MS ? Infinity : Math.max(0, now - time)
}
