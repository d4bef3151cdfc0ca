import { setTimeout as wait } from "node:timers/promises"
import type { RenewalStep } from "evertoken"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { SessionServers } from "./session-servers.js"

const programs = providePostgres()
const HOUR_MS = 3_600_000
const STEPS: readonly RenewalStep[] = [
  "looked",
  "claimed",
  "looked-again",
  "marked",
  "sending",
  "answered",
  "committed",
  "released",
]

describe.skipIf(programs === undefined)("while a renewal is under way on one server", () => {
  let servers: SessionServers
  let count = 0

  beforeAll(async () => {
    servers = await SessionServers.start(programs ?? "", 2)
  })

  afterAll(() => servers[Symbol.asyncDispose]())

  /** @param leftMs for so long the token that is stale already is still good */
  async function signedIn(leftMs: number, userId = `user-${++count}`) {
    const jar = new Map<string, string>()
    const refreshToken = await servers.issuer.issueRefreshToken()
    expect((await servers.ask(1, "/login", jar, { userId, refreshToken, leftMs })).status).toBe(200)
    return { userId, jar }
  }

  async function rowsOf(userId: string): Promise<readonly string[]> {
    const { rows } = await servers.pool.query<{ value: string }>(
      "SELECT value FROM session_tokens WHERE user_id = $1",
      [userId],
    )
    return rows.map(({ value }) => (JSON.parse(value) as { readonly spends: string }).spends)
  }

  async function expectSignedOut(userId: string, jars: readonly Map<string, string>[]): Promise<void> {
    expect(await rowsOf(userId)).toEqual([])
    for (const jar of jars) {
      for (const place of [0, 1]) expect((await servers.ask(place, "/", new Map(jar))).status).toBe(401)
    }
    expect(await rowsOf(userId)).toEqual([])
  }

  describe.each([
    ["is still good", HOUR_MS],
    ["has ended", 1],
  ])("whose token %s", (_, leftMs) => {
    test.each(STEPS)("(%s), who signs out on another one is out: no row, no cookie that works", async (step) => {
      const { userId, jar } = await signedIn(leftMs)
      const renewing = new Map(jar)
      const before = new Map(jar)
      await servers.stopAt(0, step)
      const answer = servers.ask(0, "/", renewing)
      await servers.stopped(0)
      expect((await servers.ask(1, "/logout", jar)).status).toBe(200)
      expect([...jar]).toEqual([])
      servers.resume(0)
      expect(await answer).toEqual({ status: 401, body: { code: "ERR_NOT_SIGNED_IN" } })
      expect([...renewing]).toEqual([])
      await expectSignedOut(userId, [before])
    })
  })

  test.each(STEPS)("(%s), who signs out on another one, and in again, has the row of that", async (step) => {
    const { userId, jar } = await signedIn(HOUR_MS)
    const renewing = new Map(jar)
    await servers.stopAt(0, step)
    const answer = servers.ask(0, "/", renewing)
    await servers.stopped(0)
    await servers.ask(1, "/logout", jar)
    const again = await signedIn(HOUR_MS, userId)
    const row = await rowsOf(userId)
    servers.resume(0)
    await answer
    const spent = () => servers.issuer.presentations.map(({ hash }) => hash)
    // it may be renewed by the one that goes on, and then it is spent once, and its successor is there
    if (!spent().includes(row[0] ?? "")) expect(await rowsOf(userId)).toEqual(row)
    expect((await servers.ask(1, "/", again.jar)).status).toBe(200)
    await expect.poll(async () => spent().includes((await rowsOf(userId))[0] ?? "")).toBe(false)
    expect(servers.issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
  })

  test("(committing), who signs out on another one is out: no row, no cookie that works", async () => {
    const { userId, jar } = await signedIn(HOUR_MS)
    const renewing = new Map(jar)
    const before = new Map(jar)
    await servers.stopAt(0, "answered")
    const answer = servers.ask(0, "/", renewing)
    await servers.stopped(0)
    const lock = await servers.pool.connect()
    await lock.query("BEGIN")
    await lock.query("SELECT 1 FROM session_tokens WHERE user_id = $1 FOR UPDATE", [userId])
    servers.resume(0)
    await waitingFor("UPDATE")
    const leaving = servers.ask(1, "/logout", jar)
    await waitingFor("DELETE")
    await lock.query("ROLLBACK")
    lock.release()
    expect((await leaving).status).toBe(200)
    expect(await answer).toEqual({ status: 401, body: { code: "ERR_NOT_SIGNED_IN" } })
    expect([...renewing]).toEqual([])
    await expectSignedOut(userId, [before])
  })

  async function waitingFor(statement: string): Promise<void> {
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
    while ((await servers.pool.query(waiting, [`${statement}%`])).rowCount === 0) await wait(5)
  }
})
