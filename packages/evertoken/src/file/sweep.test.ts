import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { StoredToken } from "../token-cache.js"
import { hashOf } from "../token-source.js"
import { Token } from "../token.js"
import { ClaimLiveness } from "./claim-liveness.js"
import { FileTokenCache } from "./file-token-cache.js"
import { sweep } from "./sweep.js"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function recordOf(generation: number): StoredToken {
  const token = new Token({ accessToken: "a", refreshToken: `r${generation}`, issuedAt: 1, staleAt: 2, expiresAt: 3 })
  return { version: { lineage: "lineage", generation, id: `id-${generation}` }, token, lineages: [] }
}

async function open() {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, "token.json")
  const side = `${path}.d`
  const clock = new VirtualClock({ now: Date.now() })
  const cache = new FileTokenCache(path, { clock })
  let generation = 0
  return {
    side,
    clock,
    cache,
    async commit() {
      generation++
      const before = generation === 1 ? undefined : recordOf(generation - 1).version
      expect(await cache.commit("key", recordOf(generation), { expected: before })).toEqual({ committed: true })
    },
    /** A claim of a dead owner on `what`, and its mark. */
    async deadClaim(what: string) {
      const claim = cache.claim("key", { what, singleUse: true })
      await claim.take(1)
      await claim.markSent()
      await claim.abandon()
    },
    async aged(name: string, byMs: number) {
      const then = new Date(clock.now() - byMs)
      await utimes(join(side, name), then, then)
    },
    names: async (prefix: string) => (await readdir(side)).filter((name) => name.startsWith(prefix)).sort(),
  }
}

describe("an hour later", () => {
  test("what crashes have left unfinished is removed, and nothing younger", async () => {
    const { side, commit, aged, names } = await open()
    await commit()
    for (const name of ["tmp-old", "tmp-new", "ns-old", "ns-new"]) await writeFile(join(side, name), "")
    await aged("tmp-old", HOUR_MS + 1_000)
    await aged("ns-old", HOUR_MS + 1_000)
    const later = reopened(side)
    await later.commit("key", recordOf(2), { expected: recordOf(1).version })
    expect(await names("tmp-")).toEqual(["tmp-new"])
    expect(await names("ns-")).toEqual(["ns-new"])
  })

  test("and not sooner it looks again", async () => {
    const { side, commit, aged, names, clock } = await open()
    await commit()
    await writeFile(join(side, "tmp-old"), "")
    await aged("tmp-old", 2 * HOUR_MS)
    await commit()
    expect(await names("tmp-")).toEqual(["tmp-old"])
    await clock.advance(HOUR_MS)
    await commit()
    expect(await names("tmp-")).toEqual([])
  })

  test("claims of dead owners on what a later record has replaced are removed", async () => {
    const { commit, deadClaim, aged, names, side } = await open()
    await commit()
    await deadClaim(hashOf("r1"))
    for (const name of await names("claim-")) await aged(name, 2 * HOUR_MS)
    await reopened(side).commit("key", recordOf(2), { expected: recordOf(1).version })
    expect(await names("claim-")).toEqual([])
  })

  test("claims stay as long as no record came after them", async () => {
    const { side, clock, deadClaim, commit, aged, names } = await open()
    await commit()
    await deadClaim(hashOf("r1"))
    for (const name of await names("claim-")) await aged(name, 2 * HOUR_MS)
    await aged("gen-1", 3 * HOUR_MS)
    const liveness = new ClaimLiveness({ clock, report: () => undefined })
    const options = { side, now: clock.now(), current: recordOf(2), liveness }
    await sweep(options)
    expect(await names("claim-")).toHaveLength(2)
    await aged("gen-1", HOUR_MS)
    await sweep(options)
    expect(await names("claim-")).toEqual([])
  })

  test("claims on the current record's refresh token stay, however old they are", async () => {
    const { commit, deadClaim, aged, names, side } = await open()
    await commit()
    await deadClaim(hashOf("r2"))
    for (const name of await names("claim-")) await aged(name, 2 * HOUR_MS)
    await reopened(side).commit("key", recordOf(2), { expected: recordOf(1).version })
    expect(await names("claim-")).toHaveLength(2)
  })

  test("and so do those on the refresh token of a record that is encrypted", async () => {
    const { commit, deadClaim, aged, names, side } = await open()
    await commit()
    for (const refreshToken of ["r1", "r2"]) await deadClaim(hashOf(refreshToken))
    for (const name of await names("claim-")) await aged(name, 2 * HOUR_MS)
    const record = { ...recordOf(2), token: undefined, sealed: { jwe: "sealed", spends: hashOf("r2") } }
    await reopened(side).commit("key", record, { expected: recordOf(1).version })
    expect(await names("claim-")).toEqual([`claim-${hashOf("r2")}.1`, `claim-${hashOf("r2")}.1.sent`])
  })

  test("claims of living owners stay, and those of which one file is younger", async () => {
    const { cache, side, commit, deadClaim, aged, names } = await open()
    await commit()
    await cache.claim("key", { what: "living", singleUse: true }).take(1)
    await aged("claim-living.1", 2 * HOUR_MS)
    await deadClaim("dead")
    await aged("claim-dead.1", 2 * HOUR_MS)
    await reopened(side).commit("key", recordOf(2), { expected: recordOf(1).version })
    expect(await names("claim-")).toEqual(["claim-dead.1", "claim-dead.1.sent", "claim-living.1"])
  })

  test("generations and what was kept aside stay", async () => {
    const { side, commit, aged, names } = await open()
    await commit()
    await writeFile(join(side, "aside-gen-1-x"), "")
    await aged("aside-gen-1-x", 1_000 * DAY_MS)
    await aged("gen-1", 1_000 * DAY_MS)
    await reopened(side).commit("key", recordOf(2), { expected: recordOf(1).version })
    expect(await names("aside-")).toEqual(["aside-gen-1-x"])
    expect(await names("gen-")).toEqual(["gen-2"])
  })
})

test("a tombstone stays for three months", async () => {
  const { cache, commit, aged, names } = await open()
  for (const what of ["old", "new"]) await cache.claim("key", { what, singleUse: true }).reject()
  await aged("tomb-old", 91 * DAY_MS)
  await aged("tomb-new", 89 * DAY_MS)
  await commit()
  expect(await names("tomb-")).toEqual(["tomb-new"])
})

/** The same store as a process finds it that has never swept. */
function reopened(side: string): FileTokenCache {
  return new FileTokenCache(side.slice(0, -".d".length))
}
