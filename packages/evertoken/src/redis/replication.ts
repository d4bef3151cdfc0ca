import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions } from "../options-object.js"
import { shownValue } from "../shown-value.js"
import type { RedisConnection } from "./redis-connection.js"
import { redisFailure } from "./redis-failure.js"

/**
 * How many replicas are to have a write before it counts as kept (`WAIT` of Redis): a failover to one that has not
 * loses it.
 */
export interface WaitReplicas {
  /** How many replicas are to have it. At least 1. */
  readonly count: number
  /** How long to wait for them, in milliseconds. Others who use the client wait behind it. */
  readonly timeoutMs: number
}

/** @throws TypeError naming the option. */
export function assertWaitReplicas(waitReplicas: Partial<WaitReplicas> | undefined, connection: RedisConnection): void {
  if (waitReplicas === undefined) return
  const given: unknown = waitReplicas
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`waitReplicas must be an object with count and timeoutMs; got ${shownValue(given)}`)
  }
  assertOptions("waitReplicas", waitReplicas, { count: true, timeoutMs: true })
  const { count = NaN, timeoutMs = NaN } = waitReplicas
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new TypeError(`waitReplicas.count must be a whole number of at least 1; got ${shownValue(count)}`)
  }
  assertMilliseconds("waitReplicas.timeoutMs", timeoutMs, { least: 1, most: LONGEST_TIMER_MS })
  if (connection.waitForReplicas !== undefined) return
  throw new TypeError(
    "waitReplicas needs a client with one connection: not a cluster, nor createSentinel of node-redis",
  )
}

/**
 * Waits until replicas have what was written (`WAIT`). It is written all the same if too few have it in time: then
 * `report` is told that a failover may lose it. Never rejects.
 */
export async function awaitReplicas(
  connection: RedisConnection,
  { count, timeoutMs }: WaitReplicas,
  report: (detail: string) => void,
): Promise<void> {
  try {
    const reached = Number(await connection.waitForReplicas?.(count, timeoutMs))
    if (reached >= count) return
    report(`${reached} of ${count} replicas have what was written: a failover now would lose it`)
  } catch (error) {
    report(redisFailure("wait for replicas", error).message)
  }
}
