import type { TokenRows } from "./token-rows.js"

/** What is done to one table that has the tokens of many types: a row for each user and type. */
export interface TokenTableStatements {
  /** The rows of one type, one for each user. */
  rows(type: string): TokenRows
  /** In one statement. @returns the types of which there was a row. */
  removeMany(userId: string, types: readonly string[]): Promise<readonly string[]>
}

let statementsOf: (table: TokenTable) => TokenTableStatements

/** A table for a token manager, which alone can use it: made by `postgresTable`, `kyselyTable`, or of one's own statements. */
export class TokenTable {
  readonly #statements: TokenTableStatements

  constructor(statements: TokenTableStatements) {
    this.#statements = statements
    Object.freeze(this)
  }

  static {
    statementsOf = (table) => table.#statements
  }
}

export { statementsOf }
