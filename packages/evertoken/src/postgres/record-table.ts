import type { Clock } from "../clock.js"
import { publish } from "../events.js"
import { randomId } from "../random.js"
import { inClockOfReader, offsetOfStore } from "../store-clock.js"
import {
  decodeRecord,
  encodeRecord,
  HIGHEST_GENERATION,
  LARGEST_RECORD_BYTES,
  own,
  spentNext,
} from "../stored-record.js"
import type { Commit, StoredToken } from "../token-cache.js"
import { hashOf } from "../token-source.js"
import { sameVersion, type TokenVersion } from "../token.js"
import type { PostgresDatabase } from "./postgres-database.js"
import { refusal } from "./postgres-failure.js"
import { rowOf } from "./row-key.js"
import { DURABLY, momentOf, msOf, type StatementTime } from "./statement-time.js"
import type { TableNames } from "./table-names.js"

// longer than anybody waits for an answer whose outcome is unknown; a tombstone's token may stand in a configuration
const CLAIMS_KEPT = "interval '24 hours'"
const TOMBSTONES_KEPT = "interval '30 days'"

// each attempt but the last has lost a race against another write
const MOST_ATTEMPTS = 1_000

export interface RecordTableOptions {
  readonly database: PostgresDatabase
  readonly names: TableNames
  readonly time: StatementTime
  readonly clock: Clock
}

/** A row as it was read. */
interface Row {
  /** Undefined: there is none. Random, and another one after each write. */
  readonly revision: string | undefined
  /** Undefined: nothing, or nothing that can be read. */
  readonly record: StoredToken | undefined
  /** The highest generation of which anything is known, readable or not. */
  readonly floor: number
  /** By how much the server's clock is ahead of this process's, in milliseconds. */
  readonly aheadMs: number
}

/**
 * The records: one row for each key. A write names the revision that it replaces, so that of those who have read the same
 * row one writes, whatever the isolation level.
 */
export class RecordTable {
  readonly #options: RecordTableOptions
  readonly #statements: { readonly read: string; readonly revisions: string; readonly write: string }
  readonly #reported = new Set<string>()

  constructor(options: RecordTableOptions) {
    this.#options = options
    this.#statements = statementsFor(options.names)
  }

  async get(key: string): Promise<StoredToken | undefined> {
    return (await this.#read(key)).record
  }

  async commit(key: string, record: StoredToken, expected: TokenVersion | undefined): Promise<Commit> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const row = await this.#read(key)
      const current = row.record
      // an earlier attempt whose answer was lost, or somebody who refilled the store with it
      if (current !== undefined && sameOrigin(current.version, record.version)) return { committed: true }
      const isLater = current === undefined || record.version.generation > current.version.generation
      if (!isLater || !sameVersion(current?.version, expected)) return { committed: false, current }
      const isRaised = current === undefined && record.version.generation <= row.floor
      if (isRaised && record.sealed !== undefined) return { committed: false, current, floor: row.floor }
      if (await this.#write(key, record, row)) return { committed: true }
    }
    throw refusal(`what is in ${this.#options.names.shown} changes faster than it can be written`)
  }

  async delete(key: string): Promise<void> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const row = await this.#read(key)
      const lineage = row.record?.version.lineage ?? randomId()
      const version = { lineage, generation: row.floor + 1, id: randomId() }
      if (await this.#write(key, { version, lineages: row.record?.lineages ?? [] }, row)) return
    }
    throw refusal(`what is in ${this.#options.names.shown} changes faster than it can be signed out of`)
  }

  /** Of the keys that have a row. Cheaper than to read them. */
  async revisionsOf(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { database, names } = this.#options
    const rows = await database.query(`look for news in ${names.shown}`, this.#statements.revisions, [keys.map(rowOf)])
    const revisions = new Map(rows.map((row) => [own(row, "key"), String(own(row, "revision"))]))
    return new Map(
      keys.flatMap((key) => {
        const revision = revisions.get(rowOf(key))
        return revision === undefined ? [] : [[key, revision]]
      }),
    )
  }

  async #read(key: string): Promise<Row> {
    const { database, names, time, clock } = this.#options
    const askedAt = clock.now()
    const [row = {}] = await database.query(`read a token in ${names.shown}`, this.#statements.read, [
      time(),
      rowOf(key),
    ])
    const aheadMs = offsetOfStore({ storeNow: Number(own(row, "now_ms")), askedAt, answeredAt: clock.now() })
    const revision = own(row, "revision")
    if (typeof revision !== "string") return { revision: undefined, record: undefined, floor: 0, aheadMs }
    const text = own(row, "record")
    const decoded = decodeRecord(typeof text === "string" ? Buffer.from(text) : undefined)
    const generation = Number(own(row, "generation"))
    if (decoded.record === undefined) {
      this.#report(key, revision, decoded.problem)
      return { revision, record: undefined, floor: Math.max(generation, decoded.generation), aheadMs }
    }
    const offsets = { writerMs: Number(own(row, "ahead_ms")), readerMs: aheadMs }
    const record = inClockOfReader(decoded.record, offsets)
    return { revision, record, floor: Math.max(generation, record.version.generation), aheadMs }
  }

  async #write(key: string, record: StoredToken, { revision, record: current, floor, aheadMs }: Row): Promise<boolean> {
    const { database, names, time } = this.#options
    const written = current === undefined ? above(floor, record) : record
    const { generation } = written.version
    if (generation > HIGHEST_GENERATION) {
      throw refusal(`a record in ${names.shown} counts higher than anyone can have counted: delete its row`)
    }
    const bytes = encodeRecord(written)
    // nobody would read it
    if (bytes.byteLength > LARGEST_RECORD_BYTES) throw refusal(`the token is too large for ${names.shown}`)
    const rows = await database.query(`write a token to ${names.shown}`, this.#statements.write, [
      time(),
      rowOf(key),
      revision ?? null,
      randomId(),
      generation,
      bytes.toString(),
      aheadMs,
      current === undefined,
      spentNext(written) ?? "",
      hashOf(key),
    ])
    return rows.length > 0
  }

  #report(key: string, revision: string, problem: string): void {
    if (this.#reported.has(revision)) return
    this.#reported.add(revision)
    const { tokens, aside } = this.#options.names
    const detail = `a record in ${tokens} ${problem}: what takes its place moves it to ${aside}`
    publish("cache-failed", { cache: "postgres", key, operation: "read", code: "ERR_TOKEN_CACHE", detail })
  }
}

function statementsFor({ tokens, claims, aside, channel }: TableNames) {
  const now = momentOf("$1")
  return {
    read: `
      SELECT ${msOf(now)} AS now_ms, revision, generation, ahead_ms,
        CASE WHEN octet_length(record) <= ${LARGEST_RECORD_BYTES} THEN record END AS record
      FROM (SELECT) AS always LEFT JOIN ${tokens} ON key = $2`,
    revisions: `SELECT key, revision FROM ${tokens} WHERE key = ANY ($1::text[])`,
    // the parts of one statement see the row as it was before
    write: `
      WITH replaced AS (
        UPDATE ${tokens} SET revision = $4, generation = $5::bigint, record = $6, ahead_ms = $7::float8, written_at = ${now}
        WHERE key = $2 AND revision = $3 RETURNING revision
      ), added AS (
        INSERT INTO ${tokens} (key, revision, generation, record, ahead_ms, written_at)
        SELECT $2, $4, $5::bigint, $6, $7::float8, ${now} WHERE $3::text IS NULL
        ON CONFLICT (key) DO NOTHING RETURNING revision
      ), written AS (
        SELECT revision FROM replaced UNION ALL SELECT revision FROM added
      ), kept AS (
        INSERT INTO ${aside} (key, revision, record, kept_at)
        SELECT key, revision, record, ${now} FROM ${tokens}
        WHERE key = $2 AND revision = $3 AND $8::boolean AND EXISTS (SELECT FROM written)
        ON CONFLICT DO NOTHING
      ), swept AS (
        DELETE FROM ${claims}
        WHERE key = $2 AND what <> $9 AND EXISTS (SELECT FROM written)
          AND greatest(alive_until, sent_at) < ${now} - CASE n WHEN 0 THEN ${TOMBSTONES_KEPT} ELSE ${CLAIMS_KEPT} END
      )
      SELECT pg_notify('${channel}', $10 || ':' || revision), ${DURABLY} FROM written`,
  }
}

function sameOrigin(a: TokenVersion, b: TokenVersion): boolean {
  return a.id === b.id && a.lineage === b.lineage
}

/** Above what cannot be read the writer cannot know how far the counting has come. */
function above(floor: number, record: StoredToken): StoredToken {
  const { version } = record
  return version.generation > floor ? record : { ...record, version: { ...version, generation: floor + 1 } }
}
