import { randomBytes } from "node:crypto"
import { createTokenManager } from "@evertoken/session"
import { createTable, postgresTable } from "@evertoken/session/postgres"
import { Token } from "evertoken"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import pg from "pg"
import { PostgresServer, providePostgres } from "../servers/postgres-server.js"
import { toolOptions } from "../tool-options.js"
import { planOf } from "./statement-plan.js"

const HELP = `What the rows of many users cost a web application, over a PostgreSQL of its own.

  npm run bench:session -- [--rows N,N,...] [--reads N] [--jobs N]

  --rows N,N,...  sizes of the table, one after the other (default 1000,1000000)
  --reads N       how often a token is got, of users drawn from all (default 2000)
  --jobs N        users whose tokens a background pool keeps ready (default 10000)
  --help          this text

  get            tokens.get(context, "refresh"): one statement, decrypted; milliseconds, one at a time
  statement      that statement alone, by the same connection
  plan           what PostgreSQL does for it; exit code 1 unless it is one look in the index

  start          until the pool has the tokens of all users, each from its row
  a user         heap that the pool keeps for one, after a garbage collection
  refresh        one of them, renewed by a source that answers at once: claimed, marked, written, released; one at a time

Every row is as large as that of a user, and 1,000 of them are.`

// as the manager sends it
const STATEMENT = 'SELECT value FROM "session_tokens" WHERE user_id = $1 AND type = $2'

const values = toolOptions({
  rows: { type: "string", default: "1000,1000000" },
  reads: { type: "string", default: "2000" },
  jobs: { type: "string", default: "10000" },
  help: { type: "boolean" },
})
const sizes = values.rows.split(",").map(Number)
const reads = Number(values.reads)
const jobs = Number(values.jobs)
const programs = values.help ? undefined : providePostgres()
if (values.help) console.log(HELP)
else if (![...sizes, reads, jobs].every((size) => Number.isInteger(size) && size >= 1)) {
  console.error("--rows, --reads and --jobs must be whole numbers above 0, --rows with commas between")
  process.exitCode = 2
} else if (programs !== undefined) await measure(programs)

async function measure(directory: string): Promise<void> {
  await using server = await PostgresServer.start(directory)
  const pool = new pg.Pool({ ...server.connection, max: 1 })
  // the server may end first
  pool.on("error", () => {})
  await createTable(pool)
  const tokens = createTokenManager({
    keyring: new Keyring([EncryptionKey.from(randomBytes(32))]),
    types: { refresh: { strategy: "database", table: postgresTable(pool) } },
  })
  const context = (userId: string) => ({ cookieHeader: undefined, appendSetCookie: () => {}, userId })
  const users = Array.from({ length: 1_000 }, (_, i) => `user-${i}`)
  for (const userId of users) await tokens.set(context(userId), "refresh", tokenOfSomeone())

  const rows: object[] = []
  for (const size of sizes) {
    await fillUpTo(pool, size)
    const drawn = Array.from({ length: reads }, (_, i) => users[(i * 7919) % users.length] ?? "")
    const got = await timesOf(drawn, (userId) => tokens.get(context(userId), "refresh"))
    const alone = await timesOf(drawn, (userId) => pool.query(STATEMENT, [userId, "refresh"]))
    const plan = await planOf(pool, STATEMENT, ["user-7", "refresh"])
    if (!/^Index (Only )?Scan$/.test(plan)) process.exitCode = 1
    rows.push({
      rows: size,
      "get, median (ms)": at(got, 0.5),
      "get, p99": at(got, 0.99),
      "statement, median": at(alone, 0.5),
      "statement, p99": at(alone, 0.99),
      plan,
    })
  }
  console.table(rows)
  await pool.end()
  await measureJobs(server)
}

async function measureJobs(server: PostgresServer): Promise<void> {
  const database = new pg.Pool({ ...server.connection, max: 10 })
  // the server may end first
  database.on("error", () => {})
  const tokens = createTokenManager({
    keyring: new Keyring([EncryptionKey.from(randomBytes(32))]),
    types: {
      calendar: {
        strategy: "database",
        table: postgresTable(database),
        source: { getToken: async () => tokenOfSomeone() },
      },
    },
  })
  const users = Array.from({ length: jobs }, (_, i) => `job-${i}`)
  await inTurns(users, (userId) =>
    tokens.set({ cookieHeader: undefined, appendSetCookie: () => {}, userId }, "calendar", tokenOfSomeone()),
  )
  const before = heapBytes()
  await using pool = tokens.pool({ maximumSize: jobs })
  const begun = performance.now()
  await inTurns(users, (userId) => pool.getToken({ userId, type: "calendar" }))
  const startSeconds = (performance.now() - begun) / 1_000
  const perUser = (heapBytes() - before) / jobs
  const refreshed = await timesOf(users.slice(0, 500), (userId) => pool.refresh({ userId, type: "calendar" }))
  console.table([
    {
      users: jobs,
      "start (s)": Number(startSeconds.toFixed(1)),
      "a user (bytes)": Math.round(perUser),
      "refresh, median (ms)": at(refreshed, 0.5),
      "refresh, p99": at(refreshed, 0.99),
    },
  ])
  await database.end()
}

/** A hundred at a time. */
async function inTurns(users: readonly string[], action: (userId: string) => Promise<unknown>): Promise<void> {
  const waiting = users.values()
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      for (const userId of waiting) await action(userId)
    }),
  )
}

function heapBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function tokenOfSomeone(): Token {
  const now = Date.now()
  const [accessToken, refreshToken] = [randomBytes(600), randomBytes(64)].map((bytes) => bytes.toString("base64url"))
  return new Token({
    accessToken: accessToken ?? "",
    refreshToken,
    issuedAt: now,
    staleAt: now + 2_700_000,
    expiresAt: now + 3_600_000,
  })
}

/** With copies of a user's row under other names. */
async function fillUpTo(pool: pg.Pool, size: number): Promise<void> {
  const { rows } = await pool.query<{ n: number }>("SELECT count(*)::int AS n FROM session_tokens")
  const missing = size - (rows[0]?.n ?? 0)
  if (missing <= 0) return
  await pool.query(
    `INSERT INTO session_tokens (user_id, type, value)
     SELECT 'other-' || md5(i::text || $2::text), 'refresh', (SELECT value FROM session_tokens WHERE user_id = 'user-7')
     FROM generate_series(1, $1::int) AS i`,
    [missing, size],
  )
  await pool.query("VACUUM ANALYZE session_tokens")
}

async function timesOf(users: readonly string[], action: (userId: string) => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (const userId of users) {
    const begun = performance.now()
    await action(userId)
    times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)
}

function at(times: readonly number[], share: number): number {
  return Number((times[Math.floor(times.length * share)] ?? NaN).toFixed(3))
}
