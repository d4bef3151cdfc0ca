import fs, { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished, vi } from "vitest"
import type { Clock } from "../../clock.js"
import { onTokenEvent, type TokenEvents } from "../../events.js"
import { FileTokenCache } from "../../file/file-token-cache.js"
import type { StoredToken } from "../../token-cache.js"
import { Token } from "../../token.js"
import { VirtualClock } from "../virtual-clock.js"

// for tests of a file store: what is opened, spied on and listened to ends with the test

/** What the claims of a store are about. */
export const SUBJECT = { what: "0123456789abcdef", singleUse: true }

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** An empty store, which keeps `key`, and its side directory. */
export async function openStore(clock?: Clock) {
  const path = join(await temporaryDirectory(), "token.json")
  return { path, side: `${path}.d`, cache: new FileTokenCache(path, { clock }) }
}

/** A store with generation 1 in it. */
export async function openFilledStore() {
  const store = await openStore()
  await store.cache.commit("key", recordOf(1), { expected: undefined })
  return store
}

/** An empty store whose claims a test makes, and the clock that they go by. */
export async function openClaims(clock = new VirtualClock()) {
  const store = await openStore(clock)
  return { ...store, clock, claim: () => store.cache.claim("key", SUBJECT) }
}

export const versionOf = (generation: number) => ({ lineage: "lineage", generation, id: `id-${generation}` })

export function recordOf(generation: number): StoredToken {
  const accessToken = `secret-access-${generation}`
  const token = new Token({ accessToken, refreshToken: "secret-refresh", issuedAt: 1, staleAt: 2, expiresAt: 3 })
  return { version: versionOf(generation), token, fingerprint: "f", lineages: [] }
}

export async function generationOf(cache: FileTokenCache): Promise<number | undefined> {
  return (await cache.get("key"))?.version.generation
}

/** The files of a side directory whose names begin so, in order. */
export async function namesIn(side: string, prefix: string): Promise<string[]> {
  return (await readdir(side)).filter((name) => name.startsWith(prefix)).sort()
}

/** The failures of caches told from now on. */
export function cacheFailures(): TokenEvents["cache-failed"][] {
  const heard: TokenEvents["cache-failed"][] = []
  onTestFinished(onTokenEvent("cache-failed", (event) => heard.push(event)))
  return heard
}

/** The next call fails with this error of the system. */
export function failOnce(method: "link" | "open" | "readdir" | "rename" | "unlink", code: string): void {
  const spy = vi.spyOn(fs, method).mockRejectedValueOnce(Object.assign(new Error(code), { code }))
  onTestFinished(() => spy.mockRestore())
}
