import { systemErrorCode, TokenError } from "../errors.js"

/** By SQLSTATE (PostgreSQL documentation, appendix A), or the class that its first two characters name. */
const STATES: ReadonlyMap<string, string> = new Map([
  ["08", "the connection broke"],
  ["25006", "the database is read-only (a standby, or default_transaction_read_only): connect to the primary"],
  ["28", "the login was refused: check user and password"],
  ["3D000", "there is no such database"],
  ["40", "too many wrote at once"],
  ["53100", "the server's disk is full: free some space"],
  ["53200", "the server is out of memory"],
  ["53300", "the server has too many connections"],
  ["55P03", "a lock was not to be had in time"],
  ["57014", "the server cancelled it: statement_timeout is too short, or somebody cancelled it"],
  ["57P03", "the server is starting up, or shutting down"],
  ["57", "the server is shutting down, or an administrator ended the connection"],
])

/** What only a person can mend. */
const LASTING_STATES: ReadonlyMap<string, string> = new Map([
  ["3F000", "the schema is not there: call PostgresTokenCache.migrate(connection) first"],
  ["42P01", "the tables are not there: call PostgresTokenCache.migrate(connection) first"],
  ["42703", "the tables are those of another version: call PostgresTokenCache.migrate(connection)"],
  [
    "42501",
    "permission denied: the user needs SELECT, INSERT, UPDATE and DELETE on the tables, and USAGE on the schema",
  ],
])

const SYSTEM_CODES: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing answers at its address"],
  ["ECONNRESET", "the connection broke"],
  ["EPIPE", "the connection broke"],
  ["ETIMEDOUT", "it does not answer"],
  ["ENOTFOUND", "its host is not known"],
  ["EAI_AGAIN", "its host cannot be looked up at present"],
  ["EHOSTUNREACH", "its host cannot be reached"],
  ["ENETUNREACH", "its network cannot be reached"],
])

/** What the clients themselves have to say, where they have no code for it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Query read timeout$/, "it does not answer"],
  [/^timeout exceeded when trying to connect$/, "the pool had no connection to lend in time"],
  [/^(Connection terminated|timeout expired)/, "the connection broke, or could not be made in time"],
  [/^Cannot use a pool after calling end/, "the pool was ended: close the cache before it"],
  [/^PGlite is clos(ed|ing)/, "the PGlite was closed: close the cache before it"],
]

/** A client's error may quote what it was given, the connection string among it: its kind is told in our own words. */
export function failureOf(doing: string, error: unknown): TokenError {
  if (error instanceof TokenError) return error
  const code = sqlStateOf(error)
  const lasting = code === undefined ? undefined : LASTING_STATES.get(code)
  const why = lasting ?? explain(error, code)
  return new TokenError("ERR_TOKEN_CACHE", `postgres: cannot ${doing}: ${why}`, { transient: lasting === undefined })
}

// the last three: of two who create the same at once, one whose transaction began before the other's ended
const UNDONE_STATES: ReadonlySet<string> = new Set(["40001", "40P01", "23505", "42P06", "42P07"])

/** Whether it was undone for the sake of another one, and is to be done again. */
export function isUndone(error: unknown): boolean {
  return UNDONE_STATES.has(sqlStateOf(error) ?? "")
}

/** What only a person can mend. */
export function refusal(message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `postgres: ${message}`, { transient: false })
}

function explain(error: unknown, code: string | undefined): string {
  if (code !== undefined) {
    return `${STATES.get(code) ?? STATES.get(code.slice(0, 2)) ?? "the server refused it"} (SQLSTATE ${code})`
  }
  const system = systemCodeOf(error)
  if (system !== undefined) return `${system}, ${SYSTEM_CODES.get(system) ?? "the system refused it"}`
  const message = error instanceof Error ? error.message : ""
  return WORDS.find(([pattern]) => pattern.test(message))?.[1] ?? "the client failed"
}

function sqlStateOf(error: unknown): string | undefined {
  const code = systemErrorCode(error)
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined
}

// of several addresses of a host each has failed
function systemCodeOf(error: unknown): string | undefined {
  const code =
    systemErrorCode(error) ?? (error instanceof AggregateError ? systemErrorCode(error.errors[0]) : undefined)
  return code !== undefined && /^E[A-Z_]{3,31}$/.test(code) ? code : undefined
}
