/** What a statement gives. */
export interface PostgresRows {
  readonly rows: readonly object[]
}

/** A statement as the `pg` package takes it. */
export interface PostgresQuery {
  text: string
  values: unknown[]
  /** How long its answer may take, in milliseconds; the connection is closed then. */
  query_timeout: number
}

/** A connection of the `pg` package: a `Client`. */
export interface PostgresClient {
  connect(): Promise<unknown>
  query(query: PostgresQuery): Promise<PostgresRows>
  end(): Promise<void>
  on(event: "notification", listener: (notification: { readonly payload?: string | undefined }) => void): unknown
  on(event: "error" | "end", listener: () => void): unknown
  /** From then on the connection does not keep the process alive. */
  unref?(): void
}

/** A connection that a pool has lent. */
export interface PostgresPoolClient extends Pick<PostgresClient, "query" | "on" | "unref"> {
  release(destroy: boolean): void
}

/** A `Pool` of the `pg` package, 8.11 or newer, or of one that has the same methods. */
export interface PostgresPool {
  query(query: PostgresQuery): Promise<PostgresRows>
  connect(): Promise<PostgresPoolClient>
  readonly options?: { readonly max?: number | undefined } | undefined
  /** Whether it was ended. */
  readonly ending?: boolean | undefined
}

/** `PGlite` of the package `@electric-sql/pglite`: PostgreSQL in this process, for this process only. */
export interface EmbeddedPostgres {
  query(text: string, values: unknown[]): Promise<PostgresRows>
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>
  /** Where it keeps its data. Undefined, or one that begins with `memory:`: nowhere. */
  readonly dataDir?: string | undefined
  readonly closed?: boolean | undefined
}

/** What a `PostgresTokenCache` works with. */
export type PostgresConnection = PostgresPool | EmbeddedPostgres

/** @throws TypeError unless `connection` is one that is accepted. */
export function assertConnection(connection: unknown): asserts connection is PostgresConnection {
  if (has(connection, "query") && !has(connection, "escapeIdentifier")) {
    if (has(connection, "listen") || has(connection, "connect")) return
  }
  throw new TypeError("connection must be a Pool of pg, or a PGlite; a Client of pg will not do: it does not reconnect")
}

export function isEmbedded(connection: PostgresConnection): connection is EmbeddedPostgres {
  return has(connection, "listen")
}

function has(value: unknown, method: string): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function"
}
