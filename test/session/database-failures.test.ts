import { setTimeout as wait } from "node:timers/promises"
import { withTokens } from "@evertoken/session/web"
import { Token } from "evertoken"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { SessionScene, type Visitor } from "./session-scene.js"

const programs = providePostgres()
const HOUR_MS = 3_600_000

describe.skipIf(programs === undefined)("while PostgreSQL", () => {
  let scene: SessionScene
  let good: Visitor
  let ended: Visitor

  beforeEach(async () => {
    scene = await SessionScene.open(programs ?? "")
    good = await scene.signedIn("good", HOUR_MS)
    ended = await scene.signedIn("ended", 500)
    await wait(600)
  })

  afterEach(() => scene[Symbol.asyncDispose]())

  /** Each at once; what it gives, or says. */
  async function everyPath(): Promise<Record<string, unknown>> {
    const { tokens, issuer } = scene
    const page = withTokens(tokens, async (_, context) => new Response(await outcome(tokens.accessToken(context))))
    const pageOf = async ({ cookieHeader = "" }: Visitor) => {
      const response = await page(new Request("https://app.example/", { headers: { cookie: cookieHeader } }))
      return response.text()
    }
    await using jobs = tokens.pool({ startTimeoutMs: 2_000 })
    const refreshToken = await issuer.issueRefreshToken()
    const entries: [string, Promise<unknown>][] = [
      ["get", tokens.get(good.request(), "refresh")],
      ["set", tokens.set(good.request(), "calendar", refreshToken, { userId: "new" })],
      ["delete", tokens.delete(ended.request(), "calendar")],
      ["deleteMany", tokens.deleteMany(ended.request(), ["access", "all"], { keep: ["refresh"] })],
      ["accessToken", tokens.accessToken(good.request())],
      ["accessToken of what has ended", tokens.accessToken(ended.request())],
      ["page", pageOf(good)],
      ["page of what has ended", pageOf(ended)],
      ["job", jobs.getToken({ userId: "ended", type: "refresh" })],
    ]
    const told = await Promise.all(entries.map(async ([name, promise]) => [name, await outcome(promise)] as const))
    return Object.fromEntries(told)
  }

  const GONE = {
    set: "ERR_TOKEN_CACHE",
    delete: "ERR_DELETION_INCOMPLETE, calendar remains",
    deleteMany: "ERR_DELETION_INCOMPLETE, calendar remains",
    accessToken: "the first token",
    "accessToken of what has ended": "ERR_TOKEN_CACHE",
    page: "the first token",
    "page of what has ended": "ERR_TOKEN_CACHE",
    job: "ERR_TOKEN_CACHE",
  }

  /** Nothing was lost: who is signed in has a new token, and each refresh token was presented once. */
  async function assertAllIsWell(): Promise<void> {
    const { tokens, issuer } = scene
    const again = await scene.signedIn("ended", 1)
    for (const visitor of [good, again]) {
      await expect.poll(() => outcome(tokens.accessToken(visitor.request())), { timeout: 30_000 }).toBe("a new token")
    }
    expect(new Set(issuer.presentations.map(({ use }) => use))).toEqual(new Set(["first"]))
    expect(issuer.revokedFamilies).toBe(0)
  }

  test("is paused, each call has its answer all the same, and nothing is lost", async () => {
    await scene.postgres.pause()
    expect(await everyPath()).toEqual({ ...GONE, get: "ERR_TOKEN_CACHE", job: "ERR_TOKEN_REQUEST_TIMEOUT" })
    await scene.postgres.resume()
    await assertAllIsWell()
  })

  test("is down, so it does", async () => {
    await scene.postgres.kill()
    expect(await everyPath()).toEqual({ ...GONE, get: "ERR_TOKEN_CACHE" })
    await scene.postgres.start()
    await assertAllIsWell()
  })

  test("only reads, so it does, and what is there can be read", async () => {
    await scene.postgres.stop()
    await scene.postgres.start({ default_transaction_read_only: "on" })
    expect(await everyPath()).toEqual({ ...GONE, get: "the first token" })
    await scene.postgres.stop()
    await scene.postgres.start()
    await assertAllIsWell()
  })

  test("cuts all connections again and again, everybody signed in has a token, and no refresh token is presented twice", async () => {
    const { tokens, pool, issuer } = scene
    const names = Array.from({ length: 12 }, (_, i) => `user-${i}`)
    const visitors = await Promise.all(names.map((name) => scene.signedIn(name, HOUR_MS)))
    const over = new AbortController()
    const cutting = (async () => {
      for (let cut = 0; cut < 40; cut++) {
        await scene.postgres.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        await wait(40)
      }
      over.abort()
    })()
    const answers = visitors.map(async (visitor) => {
      const told = new Set<string>()
      while (!over.signal.aborted) told.add(await outcome(tokens.accessToken(visitor.request())))
      return told
    })
    for (const told of await Promise.all(answers)) expect([...told]).not.toContainEqual(expect.stringContaining("ERR"))
    await cutting
    for (const visitor of visitors) {
      await expect.poll(() => outcome(tokens.accessToken(visitor.request())), { timeout: 60_000 }).toBe("a new token")
    }
    expect(new Set(issuer.presentations.map(({ use }) => use))).toEqual(new Set(["first"]))
    const { rows } = await pool.query<{ value: string }>("SELECT value FROM session_tokens WHERE type = 'refresh'")
    const spent = new Set(issuer.presentations.map(({ hash }) => hash))
    const spends = rows.map(({ value }) => (JSON.parse(value) as { spends: string }).spends)
    // those of "good" and "ended", whom nobody asked after, too
    expect(spends.filter((hash) => spent.has(hash))).toEqual([])
    expect(rows).toHaveLength(14)
  })
})

async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    const value = await promise
    if (value instanceof Token) return value.accessToken.startsWith("canary-first") ? "the first token" : "a new token"
    return typeof value === "string" ? value : "done"
  } catch (error) {
    const { code, remaining } = error as { readonly code: string; readonly remaining?: readonly string[] }
    return remaining === undefined ? code : `${code}, ${remaining.join(" and ")} remains`
  }
}
