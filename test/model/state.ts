import { ByteGrid, ByteRow, byteFields } from "./byte-fields.js"
import type { ModelOptions } from "./options.js"
import { hasToken, PersonPhase, recordOf, SIGNED_OUT_OF_BOTH, tokenOf } from "./vocabulary.js"

const BUDGETS = [
  "crashes",
  "ambiguities",
  "refusals",
  "failedWrites",
  "freezes",
  "overtakings",
  "deletions",
  "wipes",
  "closes",
  "failedReleases",
] as const

const SHARED = [
  "storeGeneration",
  "storeRecord",
  /** The file was deleted: what it said before is no promise any more. */
  "storeDeleted",
  /** What the store holds was put back by a process, after the store had lost it. */
  "storeRestored",
  /** The same of what the one has read who rewrites the record. */
  "rewritesRestored",
  /** The clients believe the issuer's leeway to be open. */
  "withinLeeway",
  /** A process may still be given the configuration of the new lineage. */
  "configurations",
  ...BUDGETS,
] as const

// the order decides which of several interchangeable states stands for all of them
const PROCESS = [
  "alive",
  "phase",
  "purpose",
  "heldGeneration",
  "heldRecord",
  "heldUnwritten",
  "readGeneration",
  "readRecord",
  "subject",
  "claimNumber",
  "presentation",
  "plannedGeneration",
  "answer",
  "request",
  "frozen",
  "paused",
  "after",
  "removed",
  "found",
  "committed",
  "hasSent",
  "configured",
] as const

/** One process of a state. */
export class Process extends byteFields(PROCESS) {
  readonly index: number

  constructor(bytes: DataView, base: number, index: number) {
    super(bytes, base)
    this.index = index
  }

  get name(): string {
    return `P${this.index + 1}`
  }
}

/** How many of each thing there are, which follows from the options. */
export class Dimensions {
  readonly processes: number
  readonly families: number
  /** Refresh tokens of one family; those of the next family are numbered on. */
  readonly tokensPerFamily: number
  readonly subjects: number
  readonly highestGeneration: number
  readonly claimNumbers: number

  constructor({ processes, rotations, signIn, highestClaim }: ModelOptions) {
    this.processes = processes
    this.families = signIn === "none" ? 1 : 2
    this.tokensPerFamily = rotations + 2
    this.subjects = this.tokensPerFamily * this.families
    this.highestGeneration = (rotations + 2) * this.families + 1
    this.claimNumbers = highestClaim + 2
  }
}

/** Everything there is at one moment, packed into bytes. A view to be read, copied and changed. */
export class State extends byteFields(SHARED) {
  readonly words: Uint32Array
  readonly dimensions: Dimensions
  readonly processes: readonly Process[]
  /** Where the processes begin, and how many bytes each one takes. */
  readonly processBase: number
  readonly processLength = PROCESS.length
  /** By family: its newest token (of a repeatable grant: how many were issued). */
  readonly newest: ByteRow
  readonly revoked: ByteRow
  readonly leewayOpen: ByteRow
  /** By generation: what its file holds. */
  readonly generations: ByteRow
  /** By subject and claim number. */
  readonly owners: ByteGrid
  readonly marks: ByteGrid
  /** By subject: last tries made, tombstones, requests that nobody listens to any more, requests sent. */
  readonly lastTries: ByteRow
  readonly tombstones: ByteRow
  readonly strays: ByteRow
  readonly requests: ByteRow
  /** By person (0 signs out, 1 signs in, 2 rewrites): where it stands, which generation it has read, and what it writes. */
  readonly personPhase: ByteRow
  readonly personRead: ByteRow
  readonly personRecord: ByteRow

  constructor(dimensions: Dimensions) {
    const { processes, families, subjects, highestGeneration, claimNumbers } = dimensions
    const length = SHARED.length + 3 * families + highestGeneration + 2 + 2 * subjects * claimNumbers + 4 * subjects + 9
    const buffer = new ArrayBuffer(Math.ceil((length + processes * PROCESS.length) / 4) * 4)
    const bytes = new DataView(buffer)
    super(bytes, 0)
    let end: number = SHARED.length
    const row = (size: number) => new ByteRow(bytes, (end += size) - size, size)
    const grid = () => new ByteGrid(bytes, (end += subjects * claimNumbers) - subjects * claimNumbers, claimNumbers)
    this.words = new Uint32Array(buffer)
    this.dimensions = dimensions
    this.newest = row(families)
    this.revoked = row(families)
    this.leewayOpen = row(families)
    this.generations = row(highestGeneration + 2)
    this.owners = grid()
    this.marks = grid()
    this.lastTries = row(subjects)
    this.tombstones = row(subjects)
    this.strays = row(subjects)
    this.requests = row(subjects)
    this.personPhase = row(3)
    this.personRead = row(3)
    this.personRecord = row(3)
    this.processBase = end
    this.processes = Array.from(
      { length: processes },
      (_, index) => new Process(bytes, end + index * PROCESS.length, index),
    )
  }

  /** The state that everything begins with: a store with the first token, which every process has in memory. */
  static initial(options: ModelOptions): State {
    assertCombinable(options)
    const state = new State(new Dimensions(options))
    state.storeRecord = recordOf(0)
    state.withinLeeway = options.leeway ? 1 : 0
    for (const budget of BUDGETS) state[budget] = options[budget]
    if (options.signIn !== "none") state.newest.set(1, state.dimensions.tokensPerFamily)
    if (options.signOut) state.personPhase.set(0, PersonPhase.reading)
    if (options.signIn === "writer") state.personPhase.set(1, PersonPhase.reading)
    if (options.rewrite !== "none") state.personPhase.set(2, PersonPhase.reading)
    if (options.signIn === "configured") state.configurations = 1
    for (const process of state.processes) {
      process.alive = 1
      process.heldRecord = recordOf(0)
    }
    return state
  }

  process(index: number): Process {
    const process = this.processes[index]
    if (process === undefined) throw new RangeError(`no process ${index}`)
    return process
  }

  /** Whether who wrote the record knew of the new lineage: then nobody begins it again. */
  knowsNewLineage(record: number): boolean {
    return record === SIGNED_OUT_OF_BOTH || (hasToken(record) && this.familyOf(tokenOf(record)) === 1)
  }

  familyOf(token: number): number {
    return token >= this.dimensions.tokensPerFamily ? 1 : 0
  }

  copyFrom(other: State): void {
    this.words.set(other.words)
  }
}

// what the rules for one would say of the other is not modelled
function assertCombinable({ signIn, grant, deletions, wipes, rewrite }: ModelOptions): void {
  if (rewrite !== "none" && grant !== "single-use") throw new TypeError("a rewrite goes with a single-use grant")
  if (signIn === "none" || (grant === "single-use" && deletions + wipes === 0)) return
  throw new TypeError("signIn goes with a single-use grant, without deletions and wipes")
}
