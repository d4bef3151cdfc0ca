import type { TokenRows } from "./token-rows.js"

/** One table for the tokens of many types: a row for each user and type. */
export interface TokenTableStatements {
  rows(type: string): TokenRows
  /** In one statement. @returns the types of which there was a row. */
  removeMany(userId: string, types: readonly string[]): Promise<readonly string[]>
}

let statementsOf: (table: TokenTable) => TokenTableStatements

/** A table for a token manager. It has nothing to call: what is in it goes through the manager. */
export class TokenTable {
  readonly #statements: TokenTableStatements

  /** @internal */
  constructor(statements: TokenTableStatements) {
    this.#statements = statements
    Object.freeze(this)
  }

  static {
    statementsOf = (table) => table.#statements
  }
}

export { statementsOf }
