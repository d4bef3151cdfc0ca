import type pg from "pg"

/** How PostgreSQL would run a statement: the uppermost step of its plan, such as `Index Scan`. */
export async function planOf(pool: pg.Pool, statement: string, parameters: readonly unknown[]): Promise<string> {
  const { rows } = await pool.query<{ "QUERY PLAN": readonly { Plan: { "Node Type": string } }[] }>(
    `EXPLAIN (FORMAT JSON) ${statement}`,
    [...parameters],
  )
  return rows[0]?.["QUERY PLAN"][0]?.Plan["Node Type"] ?? "unknown"
}
