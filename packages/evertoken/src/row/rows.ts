import type { Clock } from "../clock.js"
import { systemErrorCode } from "../errors.js"
import { LARGEST_RECORD_BYTES } from "../stored-record.js"
import { failure, refusal } from "./row-failure.js"

/**
 * A database that has one value for each key, and replaces it if it is still what it was: three functions over a table of
 * one's own, DynamoDB, etcd, S3 with ETags. Safe to call concurrently, by all processes. What they throw is not shown to
 * anybody, but for a system's code (`ECONNREFUSED`), or that of a statement (SQLSTATE `42P01`).
 */
export interface Rows {
  /** Undefined or null: no row. What was saved before this was called is seen: no replica that lags behind. */
  load(key: string): Promise<string | null | undefined>
  /**
   * Compare-and-set, in one statement: writes `value` if what is there is `expected` (undefined: no row). Durable when it
   * resolves.
   * @returns whether it was written.
   */
  save(key: string, value: string, expected: string | undefined): Promise<boolean>
  /** @returns whether there was one. */
  remove(key: string): Promise<boolean>
}

// longer than a source waits for its store: what it reports comes first
const ANSWERED_WITHIN_MS = 10_000

export interface CheckedRowsOptions {
  /** For messages. */
  readonly name: string
  readonly clock: Clock
}

/** An application's {@link Rows}, whose every failure is `ERR_TOKEN_CACHE` in our own words. */
export class CheckedRows {
  readonly #rows: Rows
  readonly #name: string
  readonly #clock: Clock

  /** @throws TypeError unless `rows` has the three functions. */
  constructor(rows: Rows, { name, clock }: CheckedRowsOptions) {
    assertRows(rows)
    this.#rows = rows
    this.#name = name
    this.#clock = clock
  }

  async load(key: string): Promise<string | undefined> {
    const value: unknown = await this.#answer("load", async () => this.#rows.load(key))
    if (value === undefined || value === null) return undefined
    if (typeof value === "string") return value
    throw refusal(this.#name, "load must give the text that was saved, or undefined: it gave something else")
  }

  async save(key: string, value: string, expected: string | undefined): Promise<boolean> {
    // nobody would read it
    if (Buffer.byteLength(value) > LARGEST_RECORD_BYTES) throw refusal(this.#name, "the token is too large for a row")
    return this.#says("save", async () => this.#rows.save(key, value, expected))
  }

  remove(key: string): Promise<boolean> {
    return this.#says("remove", async () => this.#rows.remove(key))
  }

  async #says(operation: keyof Rows, ask: () => Promise<unknown>): Promise<boolean> {
    const answer = await this.#answer(operation, ask)
    if (typeof answer === "boolean") return answer
    throw refusal(this.#name, `${operation} must say true or false: it gave something else`)
  }

  /** A value that came late is nobody's: whether it was written, the next load tells. */
  #answer(operation: keyof Rows, ask: () => Promise<unknown>): Promise<unknown> {
    const name = this.#name
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(failure(name, `no answer to ${operation} within ${ANSWERED_WITHIN_MS} ms`))
      const timer = this.#clock.setTimer(giveUp, ANSWERED_WITHIN_MS)
      ask()
        .finally(() => timer.cancel())
        .then(resolve, (error: unknown) => reject(failure(name, `${operation} failed${codeOf(error)}`)))
    })
  }
}

function assertRows(rows: unknown): void {
  const isObject = typeof rows === "object" && rows !== null
  if (isObject && ["load", "save", "remove"].every((name) => typeof Reflect.get(rows, name) === "function")) return
  throw new TypeError("rows must be an object with the functions load, save and remove")
}

/** A system's, or one of five characters (SQLSTATE): `42P01`, the table is not there. Whatever else may have a value in it. */
function codeOf(error: unknown): string {
  const code = systemErrorCode(error)
  return code !== undefined && /^(?:E[A-Z_]{3,31}|(?=.*\d)[\dA-Z]{5})$/.test(code) ? ` (${code})` : ""
}
