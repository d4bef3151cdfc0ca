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

  npm run bench:session -- [--rows N,N,...] [--reads N]

  --rows N,N,...  sizes of the table, one after the other (default 1000,1000000)
  --reads N       how often a token is got, of users drawn from all (default 2000)
  --help          this text

  get            tokens.get(context, "refresh"): one statement, decrypted; milliseconds, one at a time
  statement      that statement alone, by the same connection
  plan           what PostgreSQL does for it; exit code 1 unless it is one look in the index

Every row is as large as that of a user, and 1,000 of them are.`

// as the manager sends it
const STATEMENT = 'SELECT value FROM "session_tokens" WHERE user_id = $1 AND type = $2'

const values = toolOptions({
  rows: { type: "string", default: "1000,1000000" },
  reads: { type: "string", default: "2000" },
  help: { type: "boolean" },
})
const sizes = values.rows.split(",").map(Number)
const reads = Number(values.reads)
const programs = values.help ? undefined : providePostgres()
if (values.help) console.log(HELP)
else if (![...sizes, reads].every((size) => Number.isInteger(size) && size >= 1)) {
  console.error("--rows and --reads must be whole numbers above 0, --rows with commas between")
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
