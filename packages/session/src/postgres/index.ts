export { createTable, postgresTable, type PostgresTableOptions } from "./postgres-table.js"
