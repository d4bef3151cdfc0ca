/** What a shared store is called: a prefix in Redis, a table in PostgreSQL. */
export const STORE_NAME = "fleet"
