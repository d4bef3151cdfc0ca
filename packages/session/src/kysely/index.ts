export { createTable, kyselyTable, type KyselyTableOptions } from "./kysely-table.js"
