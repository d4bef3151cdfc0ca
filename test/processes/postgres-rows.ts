import type { Rows } from "evertoken/row"
import type pg from "pg"

/** An application's own table, and the three functions over it. */
export function postgresRows(pool: pg.Pool, table: string): Rows {
  return {
    async load(key) {
      const { rows } = await pool.query<{ value: string }>(`SELECT value FROM ${table} WHERE key = $1`, [nameOf(key)])
      return rows[0]?.value
    },
    async save(key, value, expected) {
      const { rowCount } = await (expected === undefined
        ? pool.query(`INSERT INTO ${table} VALUES ($1, $2) ON CONFLICT DO NOTHING`, [nameOf(key), value])
        : pool.query(`UPDATE ${table} SET value = $2 WHERE key = $1 AND value = $3`, [nameOf(key), value, expected]))
      return rowCount === 1
    },
    async remove(key) {
      return (await pool.query(`DELETE FROM ${table} WHERE key = $1`, [nameOf(key)])).rowCount === 1
    },
  }
}

export async function createRowsTable(pool: pg.Pool, table: string): Promise<void> {
  await pool.query(`CREATE TABLE ${table} (key bytea PRIMARY KEY, value text NOT NULL)`)
}

// keys may be made of anything
function nameOf(key: string): Buffer {
  return Buffer.from(key)
}
