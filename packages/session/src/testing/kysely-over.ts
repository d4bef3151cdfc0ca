import { Kysely, PostgresDialect, type PostgresPool } from "kysely"
import type { PostgresConnection } from "../postgres/postgres-table.js"

/** A Kysely over one connection, such as a PGlite. */
export function kyselyOver(connection: PostgresConnection): Kysely<unknown> {
  const pool = {
    connect: async () => ({
      query: async (statement: string, parameters: readonly unknown[]) => {
        const { rows } = await connection.query(statement, [...parameters])
        return { command: "SELECT" as const, rowCount: rows.length, rows }
      },
      release: () => {},
    }),
    end: async () => {},
  }
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- as much of a pool of pg as Kysely uses: no cursors
  return new Kysely({ dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }) })
}
