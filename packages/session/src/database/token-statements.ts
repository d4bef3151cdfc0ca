import type { TokenTableStatements } from "./token-table.js"

/** Runs one statement of PostgreSQL with its parameters, $1 and so on. */
export type Query = (statement: string, parameters: unknown[]) => Promise<readonly object[]>

/** What a token manager does to a table in PostgreSQL: each step is one statement, by the primary key. */
export function tokenStatements(query: Query, table: string): TokenTableStatements {
  const row = "user_id = $1 AND type = $2"
  return {
    rows: (type) => ({
      load: async (userId) => {
        const [found] = await query(`SELECT value FROM ${table} WHERE ${row}`, [userId, type])
        return found === undefined ? undefined : textIn(found, "value")
      },
      save: async (userId, value, expected) => {
        const written =
          expected === undefined
            ? query(
                `INSERT INTO ${table} (user_id, type, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING type`,
                [userId, type, value],
              )
            : query(`UPDATE ${table} SET value = $3, written_at = now() WHERE ${row} AND value = $4 RETURNING type`, [
                userId,
                type,
                value,
                expected,
              ])
        return (await written).length > 0
      },
      remove: async (userId) =>
        (await query(`DELETE FROM ${table} WHERE ${row} RETURNING type`, [userId, type])).length > 0,
    }),
    removeMany: async (userId, types) => {
      const removed = await query(`DELETE FROM ${table} WHERE user_id = $1 AND type = ANY($2) RETURNING type`, [
        userId,
        [...types],
      ])
      return removed.map((found) => textIn(found, "type"))
    },
  }
}

/** Creates the table unless it is there: of those who come at once one creates it, the others wait. */
export function creationOf(table: string): string {
  return `DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('evertoken session ${table}'));
  CREATE TABLE IF NOT EXISTS ${table} (
    user_id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    value text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, type)
  );
END $$`
}

function textIn(row: object, column: string): string {
  const value: unknown = Reflect.get(row, column)
  if (typeof value === "string") return value
  throw new TypeError(`the column ${column} must be of type text`)
}
