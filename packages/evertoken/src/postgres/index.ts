export type {
  EmbeddedPostgres,
  PostgresClient,
  PostgresConnection,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
  PostgresRows,
} from "./postgres-connection.js"
export { PostgresTokenCache, type PostgresTokenCacheOptions } from "./postgres-token-cache.js"
export type { PostgresTableOptions } from "./table-names.js"
