import { isEmbedded, type PostgresClient, type PostgresConnection, type PostgresPool } from "./postgres-connection.js"
import { LONGEST_ANSWER_MS } from "./postgres-database.js"

export interface NotificationHandlers {
  readonly onNews: (payload: string) => void
  /** The connection broke: it tells nothing any more. */
  readonly onLost: () => void
}

/** Begins to listen. Resolves to what ends it, which never throws; rejects if it cannot be done now. */
export type Listen = (handlers: NotificationHandlers) => Promise<() => void>

/** A connection of its own. */
interface Line {
  readonly client: Pick<PostgresClient, "query" | "on" | "unref">
  /** May be called more than once. */
  readonly hangUp: () => void
}

/** How to listen on `channel`; undefined: not at all. */
export function listenBy(
  connection: PostgresConnection,
  { channel, listen }: { readonly channel: string; readonly listen: boolean | (() => PostgresClient) },
): Listen | undefined {
  if (listen === false) return undefined
  if (typeof listen === "function") return async (handlers) => listenOn(await connect(listen()), channel, handlers)
  if (isEmbedded(connection)) {
    return async ({ onNews }) => {
      const unlisten = await connection.listen(channel, onNews)
      return () => void unlisten().catch(() => undefined)
    }
  }
  // it would take the only connection that there is
  if (connection.options?.max === 1) return undefined
  return async (handlers) => listenOn(await borrow(connection), channel, handlers)
}

async function connect(client: PostgresClient): Promise<Line> {
  const hangUp = () => void client.end().catch(() => undefined)
  client.on("error", () => undefined)
  client.unref?.() // it may take for ever: a server that hangs takes connections, and does not answer
  try {
    await client.connect()
  } catch (error) {
    hangUp()
    throw error
  }
  return { client, hangUp }
}

async function borrow(pool: PostgresPool): Promise<Line> {
  const client = await pool.connect()
  let isLent = true
  const hangUp = () => {
    // one that listens is none for others
    if (isLent) client.release(true)
    isLent = false
  }
  return { client, hangUp }
}

async function listenOn({ client, hangUp }: Line, channel: string, { onNews, onLost }: NotificationHandlers) {
  const lost = () => {
    hangUp()
    onLost()
  }
  client.on("error", lost)
  client.on("end", lost)
  client.on("notification", ({ payload = "" }) => onNews(payload))
  try {
    await client.query({ text: `LISTEN ${channel}`, values: [], query_timeout: LONGEST_ANSWER_MS })
  } catch (error) {
    hangUp()
    throw error
  }
  client.unref?.()
  return hangUp
}
