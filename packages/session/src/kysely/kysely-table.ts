import { CompiledQuery, type QueryExecutorProvider } from "kysely"
import { tableName } from "../database/table-name.js"
import { creationOf, tokenStatements, type Query } from "../database/token-statements.js"
import { TokenTable } from "../database/token-table.js"

/** Which table holds the tokens. */
export interface KyselyTableOptions {
  /** With its schema, if that is not in the search path: `"auth.session_tokens"`. Default `"session_tokens"`. */
  readonly table?: string | undefined
}

/** What is needed of a `Kysely`. */
export interface KyselyConnection extends QueryExecutorProvider {
  readonly isTransaction: boolean
}

/**
 * The tokens of all types in one table of PostgreSQL, through a `Kysely`, and through no `Transaction`: one that is rolled
 * back would bring back a refresh token that the issuer has taken. The table is made by {@link createTable}, or by a
 * migration that does the same.
 * @throws TypeError naming the option.
 */
export function kyselyTable(db: KyselyConnection, options: KyselyTableOptions = {}): TokenTable {
  if (db.isTransaction) {
    throw new TypeError(
      "db must be a Kysely, and no Transaction: rolled back, it brings back a refresh token that is spent",
    )
  }
  return new TokenTable(tokenStatements(queryBy(db), tableName(options.table)))
}

/** Creates the table unless it is there; in a `Transaction`, too. Rejects with what the connection rejects with. @throws TypeError naming the option. */
export async function createTable(db: QueryExecutorProvider, options: KyselyTableOptions = {}): Promise<void> {
  await queryBy(db)(creationOf(tableName(options.table)), [])
}

function queryBy(db: QueryExecutorProvider): Query {
  if (typeof db !== "object" || typeof db.getExecutor !== "function") throw new TypeError("db must be a Kysely")
  return async (statement, parameters) => {
    const { rows } = await db.getExecutor().executeQuery<object>(CompiledQuery.raw(statement, parameters))
    return rows
  }
}
