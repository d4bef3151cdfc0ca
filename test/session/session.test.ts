import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { planOf } from "../bench/statement-plan.js"
import { providePostgres } from "../servers/postgres-server.js"
import { SessionServers } from "./session-servers.js"

const programs = providePostgres()
const HOUR_MS = 3_600_000

describe.skipIf(programs === undefined)("a web application on 4 servers, over one PostgreSQL and a real issuer", () => {
  let servers: SessionServers

  beforeAll(async () => {
    servers = await SessionServers.start(programs ?? "", 4)
  }, 120_000)

  afterAll(() => servers[Symbol.asyncDispose]())

  async function signedIn(userId: string): Promise<Map<string, string>> {
    const jar = new Map<string, string>()
    const refreshToken = await servers.issuer.issueRefreshToken()
    const { status } = await servers.ask(0, "/login", jar, { userId, refreshToken, leftMs: HOUR_MS })
    expect(status).toBe(200)
    return jar
  }

  test("200 requests of one user with a stale cookie at once: 1 renewal, 200 answers with its token", async () => {
    const jar = await signedIn("alice")
    const before = servers.issuer.presentations.length
    const jars = Array.from({ length: 200 }, () => new Map(jar))
    const answers = await Promise.all(jars.map((own, i) => servers.ask(i, "/", own)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(200)
    expect(servers.issuer.presentations.slice(before)).toMatchObject([{ use: "first" }])
    // those that would not wait were served by the old token, which is still good
    const again = await Promise.all(jars.map((own, i) => servers.ask(i, "/", own)))
    expect(new Set(again.map(({ body }) => body.token)).size).toBe(1)
    expect(servers.issuer.presentations).toHaveLength(before + 1)
  })

  test("who signs out is signed out everywhere: the cookie is gone, the row is gone", async () => {
    const jar = await signedIn("bob")
    const elsewhere = new Map(jar)
    expect(await servers.ask(1, "/logout", jar)).toEqual({ status: 200, body: { removed: ["access", "refresh"] } })
    expect([...jar]).toEqual([])
    const { rows } = await servers.pool.query("SELECT type FROM session_tokens WHERE user_id = 'bob'")
    expect(rows).toEqual([])
    // it was stale
    expect(await servers.ask(2, "/", elsewhere)).toEqual({ status: 401, body: { code: "ERR_NOT_SIGNED_IN" } })
    expect([...elsewhere]).toEqual([])
  })

  test("a user's row is one look in the index, of however many", async () => {
    await servers.pool.query(
      "INSERT INTO session_tokens (user_id, type, value) SELECT 'other-' || i, 'mail', 'x' FROM generate_series(1, 20000) AS i",
    )
    await servers.pool.query("VACUUM ANALYZE session_tokens")
    const statement = "SELECT value FROM session_tokens WHERE user_id = $1 AND type = $2"
    expect(await planOf(servers.pool, statement, ["other-7", "mail"])).toMatch(/^Index (Only )?Scan$/)
  })

  test("keys are rotated while users are signed in: nobody is signed out", async () => {
    const jars = await Promise.all(["carol", "dan", "erin"].map(signedIn))
    const before = await Promise.all(jars.map((jar, i) => servers.ask(i, "/", jar)))
    await servers.rotateKeys()
    const after = await Promise.all(jars.map((jar, i) => servers.ask(i + 1, "/", jar)))
    expect(after.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(after.map(({ body }) => body.token)).toEqual(before.map(({ body }) => body.token))
    expect(servers.issuer.revokedFamilies).toBe(0)
  }, 60_000)
})
