import { CompiledQuery, type QueryExecutorProvider } from "kysely"
import { tableName } from "../database/table-name.js"
import { creationOf, tokenStatements, type Query } from "../database/token-statements.js"
import { TokenTable } from "../database/token-table.js"

export interface KyselyTableOptions {
  /** With its schema, if that is not in the search path: `"auth.session_tokens"`. Default `"session_tokens"`. */
  readonly table?: string | undefined
}

/**
 * The tokens of all types in one table of PostgreSQL, through a `Kysely` or a `Transaction` of it. The table is made by
 * {@link createTable}, or by a migration that does the same.
 * @throws TypeError naming the option.
 */
export function kyselyTable(db: QueryExecutorProvider, options: KyselyTableOptions = {}): TokenTable {
  return new TokenTable(tokenStatements(queryBy(db), tableName(options.table)))
}

/** Creates the table unless it is there. Rejects with what the connection rejects with. @throws TypeError naming the option. */
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
