import { Kysely, PostgresDialect, type PostgresCursor, type PostgresQueryResult } from "kysely"
import type { PostgresConnection } from "../postgres/postgres-table.js"

/** A Kysely over one connection, such as a PGlite. */
export function kyselyOver(connection: PostgresConnection): Kysely<unknown> {
  function query<R>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  function query(
    statement: string | PostgresCursor<unknown>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<unknown>> | PostgresCursor<unknown> {
    if (typeof statement !== "string") throw new TypeError("rows are not streamed here: there is no cursor")
    return resultOf(statement, parameters)
  }

  async function resultOf(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<unknown>> {
    const { rows } = await connection.query(statement, [...parameters])
    return { command: "SELECT", rowCount: rows.length, rows: [...rows] }
  }

  const pool = { connect: async () => ({ query, release: () => {} }), end: async () => {} }
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}
