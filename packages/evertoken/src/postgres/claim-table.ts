import type { Lease, LeaseBoard } from "../lease-claim.js"
import { own } from "../stored-record.js"
import type { ClaimView } from "../token-cache.js"
import type { PostgresDatabase } from "./postgres-database.js"
import { rowOf } from "./row-key.js"
import { DURABLY, momentOf, msOf, type StatementTime } from "./statement-time.js"
import type { TableNames } from "./table-names.js"

export interface ClaimTableOptions {
  readonly database: PostgresDatabase
  readonly names: TableNames
  readonly time: StatementTime
}

/** The number under which the tombstone stands: no claim has it. */
const TOMBSTONE = 0

interface ClaimRow {
  readonly n: number
  readonly isOwn: boolean
  readonly isAlive: boolean
  readonly sentAgoMs: number | undefined
}

/** The claims on one subject: one row for each, found and changed by the primary key. */
export class ClaimTable implements LeaseBoard {
  readonly #options: ClaimTableOptions
  readonly #subject: readonly [key: string, what: string]
  readonly #statements: ReturnType<typeof statementsFor>

  constructor(key: string, what: string, options: ClaimTableOptions) {
    this.#options = options
    this.#subject = [key, rowOf(what)]
    this.#statements = statementsFor(options.names.claims)
  }

  async look(owner: string): Promise<ClaimView> {
    const found = await this.#run("look at the claims", "look", [this.#options.time()])
    const rows = found.map((row) => claimRow(row, owner))
    const claims = rows.filter(({ n }) => n !== TOMBSTONE)
    const highest = claims.at(-1)
    const sentAgo = claims.flatMap(({ sentAgoMs }) => sentAgoMs ?? [])
    return {
      n: highest?.n ?? 0,
      owner: ownerOf(highest),
      othersAlive: claims.some(({ isOwn, isAlive }) => isAlive && !isOwn),
      sentAgoMs: sentAgo.length === 0 ? undefined : Math.min(...sentAgo),
      rejected: claims.length < rows.length,
    }
  }

  async take(lease: Lease): Promise<boolean> {
    return (await this.#run("take a claim", "take", this.#lease(lease))).length > 0
  }

  async extend(lease: Lease): Promise<boolean> {
    const [row] = await this.#run("keep a claim", "extend", this.#lease(lease))
    return row !== undefined && Number(own(row, "is_highest")) === 1
  }

  async markSent(lease: Lease): Promise<void> {
    await this.#run("mark a claim as sent", "markSent", this.#lease(lease))
  }

  async release({ n, owner }: Lease, extent: "own" | "all"): Promise<void> {
    await this.#run("release a claim", extent === "own" ? "releaseOwn" : "releaseAll", [n, owner])
  }

  async abandon({ n, owner }: Lease): Promise<void> {
    await this.#run("abandon a claim", "abandon", [n, owner, this.#options.time()])
  }

  async reject(): Promise<void> {
    await this.#run("write a tombstone", "reject", [this.#options.time()])
  }

  #lease({ n, owner, leaseMs }: Lease): readonly unknown[] {
    return [n, owner, this.#options.time(), leaseMs]
  }

  #run(doing: string, statement: StatementName, values: readonly unknown[]): Promise<readonly object[]> {
    const { database, names } = this.#options
    return database.query(`${doing} in ${names.claims}`, this.#statements[statement], [...this.#subject, ...values])
  }
}

type StatementName = keyof ReturnType<typeof statementsFor>

function statementsFor(claims: string) {
  const subject = "key = $1 AND what = $2"
  const ownClaim = `${subject} AND n = $3 AND owner = $4`
  const now = momentOf("$5")
  const lease = `${now} + $6::float8 * interval '1 millisecond'`
  const timeOnly = momentOf("$3")
  return {
    look: `
      SELECT n, owner, (alive_until > ${timeOnly})::integer AS is_alive, ${msOf(`${timeOnly} - sent_at`)} AS sent_ago_ms
      FROM ${claims} WHERE ${subject} ORDER BY n`,
    take: `
      INSERT INTO ${claims} (key, what, n, owner, alive_until) VALUES ($1, $2, $3, $4, ${lease})
      ON CONFLICT (key, what, n) DO NOTHING RETURNING n`,
    extend: `
      UPDATE ${claims} SET alive_until = ${lease} WHERE ${ownClaim}
      RETURNING (n = (SELECT max(n) FROM ${claims} WHERE ${subject}))::integer AS is_highest`,
    markSent: `UPDATE ${claims} SET sent_at = ${now}, alive_until = ${lease} WHERE ${ownClaim} RETURNING ${DURABLY}`,
    releaseOwn: `DELETE FROM ${claims} WHERE ${ownClaim}`,
    // whoever gives it back late removes nothing that others have claimed since
    releaseAll: `
      DELETE FROM ${claims}
      WHERE ${subject} AND n <> ${TOMBSTONE} AND EXISTS (SELECT FROM ${claims} WHERE ${ownClaim})`,
    abandon: `UPDATE ${claims} SET alive_until = ${now} WHERE ${ownClaim}`,
    reject: `
      INSERT INTO ${claims} (key, what, n, owner, alive_until) VALUES ($1, $2, ${TOMBSTONE}, '', ${timeOnly})
      ON CONFLICT (key, what, n) DO UPDATE SET alive_until = excluded.alive_until RETURNING ${DURABLY}`,
  }
}

// an application may have its client give numbers as texts: a mark that is not seen would be a token spent twice
function claimRow(row: object, owner: string): ClaimRow {
  const sentAgoMs = own(row, "sent_ago_ms")
  return {
    n: Number(own(row, "n")),
    isOwn: own(row, "owner") === owner,
    isAlive: Number(own(row, "is_alive")) !== 0,
    sentAgoMs: sentAgoMs === null ? undefined : sinceThen(Number(sentAgoMs)),
  }
}

// the server's clock was set back: no leeway of an issuer is sure to last so long
function sinceThen(sentAgoMs: number): number {
  return sentAgoMs >= 0 ? sentAgoMs : Infinity
}

function ownerOf(claim: ClaimRow | undefined): ClaimView["owner"] {
  if (claim === undefined) return "none"
  if (!claim.isAlive) return "gone"
  return claim.isOwn ? "self" : "alive"
}
