import fs from "node:fs/promises"
import { join } from "node:path"
import { spentNext } from "../stored-record.js"
import type { StoredToken } from "../token-cache.js"
import type { ClaimLiveness } from "./claim-liveness.js"
import { parseClaimFile, TOMBSTONE_PREFIX } from "./claim-names.js"
import { namesIn, removeQuietly, TEMPORARY_PREFIX } from "./durable-write.js"
import { unlessMissing } from "./file-failure.js"
import { generationName, generationsIn } from "./generations.js"
import { NAMESPACE_PREFIX } from "./process-identity.js"

const HOUR_MS = 3_600_000
// a tombstone is an empty file, and the token it is about may still stand in somebody's configuration
const TOMBSTONE_MS = 90 * 24 * HOUR_MS

export interface SweepOptions {
  readonly side: string
  /** Epoch milliseconds. */
  readonly now: number
  /** The record that was just committed. */
  readonly current: StoredToken
  readonly liveness: ClaimLiveness
}

/**
 * Removes what crashes have left, an hour later: unfinished files, markers of pid namespaces, and the claims of dead
 * owners on what a later record has replaced. Generations and what was kept aside are none of its business.
 */
export async function sweep(options: SweepOptions): Promise<void> {
  const { side, now } = options
  const names = await namesIn(side)
  const leftovers = names.filter((name) => name.startsWith(TEMPORARY_PREFIX) || name.startsWith(NAMESPACE_PREFIX))
  await removeOlder(side, leftovers, now - HOUR_MS)
  const [highest = 0] = generationsIn(names)
  const committedAt = (await mtimeOf(join(side, generationName(highest)))) ?? 0
  const tombstones = names.filter((name) => name.startsWith(TOMBSTONE_PREFIX))
  await removeOlder(side, tombstones, Math.min(now - TOMBSTONE_MS, committedAt))
  await sweepClaims(names, { ...options, before: Math.min(now - HOUR_MS, committedAt) })
}

async function sweepClaims(
  names: readonly string[],
  options: SweepOptions & { readonly before: number },
): Promise<void> {
  const { side, current, liveness, before } = options
  const files = names.flatMap((name) => {
    const file = parseClaimFile(name)
    return file === undefined ? [] : [{ ...file, name }]
  })
  for (const what of new Set(files.map((file) => file.what))) {
    const about = files.filter((file) => file.what === what).sort((a, b) => a.n - b.n)
    if (what === spentNext(current) || !(await areAllOlder(side, about, before))) continue
    const claims = about.filter(({ kind }) => kind === "claim")
    const found = await Promise.all(claims.map(({ name }) => liveness.find(join(side, name))))
    if (found.some((claim) => claim?.alive)) continue
    // marks before claims
    for (const { name, kind } of about) if (kind === "mark") await removeQuietly(join(side, name))
    for (const { name } of claims) await removeQuietly(join(side, name))
    for (const { name, kind } of about)
      if (kind === "heartbeat") await fs.rmdir(join(side, name)).catch(() => undefined)
  }
}

async function areAllOlder(
  side: string,
  files: readonly { readonly name: string }[],
  before: number,
): Promise<boolean> {
  const times = await Promise.all(files.map(({ name }) => mtimeOf(join(side, name))))
  return times.every((time) => time === undefined || time < before)
}

async function removeOlder(side: string, names: readonly string[], before: number): Promise<void> {
  for (const name of names) {
    const time = await mtimeOf(join(side, name))
    if (time !== undefined && time < before) await removeQuietly(join(side, name))
  }
}

async function mtimeOf(path: string): Promise<number | undefined> {
  return (await unlessMissing(() => fs.stat(path)))?.mtimeMs
}
