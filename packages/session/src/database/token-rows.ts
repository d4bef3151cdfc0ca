/**
 * A type's rows in a schema of the application's own: one value for each user, a text without a secret that anyone could
 * read (it is encrypted, and bound to user and type). Safe to call concurrently, from all servers.
 */
export interface TokenRows {
  /** Undefined or null: no row. */
  load(userId: string): Promise<string | null | undefined>
  /**
   * Compare-and-set, in one statement: writes `value` if what is there is `expected` (undefined: no row). Durable when it
   * resolves.
   * @returns whether it was written.
   */
  save(userId: string, value: string, expected: string | undefined): Promise<boolean>
  /** @returns whether there was one. */
  remove(userId: string): Promise<boolean>
}
