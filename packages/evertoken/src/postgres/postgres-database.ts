import { isEmbedded, type PostgresConnection } from "./postgres-connection.js"
import { failureOf, isUndone } from "./postgres-failure.js"

/** A connection to a server that hangs is given up after this time: a pool would soon have no other. */
export const LONGEST_ANSWER_MS = 10_000

const MOST_ATTEMPTS = 20

/** Runs statements, each a transaction of its own: nothing is held from one to the next, as behind pgbouncer. */
export class PostgresDatabase {
  readonly #connection: PostgresConnection

  constructor(connection: PostgresConnection) {
    this.#connection = connection
  }

  /** Whether it will answer nothing any more. */
  get isEnded(): boolean {
    const connection = this.#connection
    return (isEmbedded(connection) ? connection.closed : connection.ending) === true
  }

  /**
   * @param doing for the message of the error: what cannot be done.
   * @throws TokenError `ERR_TOKEN_CACHE`; nothing of the client's own error is in it.
   */
  async query(doing: string, text: string, values: readonly unknown[] = []): Promise<readonly object[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#send(text, [...values])).rows
      } catch (error) {
        if (!isUndone(error) || attempt === MOST_ATTEMPTS) throw failureOf(doing, error)
      }
    }
  }

  #send(text: string, values: unknown[]) {
    const connection = this.#connection
    if (isEmbedded(connection)) return connection.query(text, values)
    return connection.query({ text, values, query_timeout: LONGEST_ANSWER_MS })
  }
}
