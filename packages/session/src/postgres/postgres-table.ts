import { tableName } from "../database/table-name.js"
import { creationOf, tokenStatements, type Query } from "../database/token-statements.js"
import { TokenTable } from "../database/token-table.js"

/** A `Pool` of pg, or a PGlite. It stays the caller's: its errors, its timeouts, its end. */
export interface PostgresConnection {
  query(statement: string, parameters: unknown[]): Promise<{ readonly rows: readonly object[] }>
}

/** Which table holds the tokens. */
export interface PostgresTableOptions {
  /** With its schema, if that is not in the search path: `"auth.session_tokens"`. Default `"session_tokens"`. */
  readonly table?: string | undefined
}

/**
 * The tokens of all types in one table of PostgreSQL: a row for each user and type. Every step is one statement, so it
 * works through pgbouncer, too. The table is made by {@link createTable}, or by a migration that does the same.
 * @throws TypeError naming the option.
 */
export function postgresTable(connection: PostgresConnection, options: PostgresTableOptions = {}): TokenTable {
  return new TokenTable(tokenStatements(queryBy(connection), tableName(options.table)))
}

/** Creates the table unless it is there. Rejects with what the connection rejects with. @throws TypeError naming the option. */
export async function createTable(connection: PostgresConnection, options: PostgresTableOptions = {}): Promise<void> {
  await queryBy(connection)(creationOf(tableName(options.table)), [])
}

function queryBy(connection: PostgresConnection): Query {
  if (typeof connection !== "object" || typeof connection.query !== "function") {
    throw new TypeError("connection must be a Pool of pg, or a PGlite")
  }
  return async (statement, parameters) => (await connection.query(statement, parameters)).rows
}
