import { hashOf } from "../token-source.js"
import { shownValue } from "../shown-value.js"

/** Where the tables are. */
export interface PostgresTableOptions {
  /** The schema that they are in. Default `"public"`. */
  readonly schema?: string | undefined
  /** The name of the table of tokens, with which those of the others begin. Default `"evertoken"`. */
  readonly table?: string | undefined
}

// PostgreSQL cuts names at 63 bytes; the longest suffix has seven
const LONGEST_NAME_BYTES = 63
const LONGEST_TABLE_BYTES = 56

/** The names as they stand in a statement: quoted, with the schema. */
export class TableNames {
  /** For people: without quotes. */
  readonly shown: string
  readonly schema: string
  readonly tokens: string
  readonly claims: string
  readonly aside: string
  readonly format: string
  /** The channel of NOTIFY. */
  readonly channel: string

  /** @throws TypeError naming the option. */
  constructor({ schema = "public", table = "evertoken" }: PostgresTableOptions) {
    assertName("schema", schema, LONGEST_NAME_BYTES)
    assertName("table", table, LONGEST_TABLE_BYTES)
    const named = (suffix: string) => `${quoted(schema)}.${quoted(table + suffix)}`
    this.shown = `${schema}.${table}`
    this.schema = quoted(schema)
    this.tokens = named("")
    this.claims = named("_claims")
    this.aside = named("_aside")
    this.format = named("_format")
    this.channel = `evertoken_${hashOf(this.tokens)}`
  }
}

/** Text as a constant in a statement, for those that take no parameters. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function assertName(option: string, name: unknown, longestBytes: number): void {
  if (typeof name !== "string") throw new TypeError(`${option} must be a name; got ${shownValue(name)}`)
  const bytes = Buffer.byteLength(name)
  if (bytes > 0 && bytes <= longestBytes && !name.includes("\0")) return
  throw new TypeError(`${option} must be a name of 1 to ${longestBytes} bytes, without NUL characters`)
}
