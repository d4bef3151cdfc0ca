/** How often each fault may strike. Every one of them may strike at any moment, or not at all. */
export interface FaultBudgets {
  /** A process is killed; it may start again with nothing in memory. */
  readonly crashes: number
  /** Nobody knows what became of a request: it timed out, its answer was lost, or a 5xx came. */
  readonly ambiguities: number
  /** A 429, or another answer that says the request was not processed. */
  readonly refusals: number
  /** A write of the store fails. */
  readonly failedWrites: number
  /** An owner stops for so long that the heartbeat has others believe it is gone. */
  readonly freezes: number
  /** A waiter loses patience with a living owner of a repeatable request. */
  readonly overtakings: number
  /** Somebody deletes the store file. */
  readonly deletions: number
  /** The store loses all it has, and the claims with it: a server that starts again without its data. */
  readonly wipes: number
  /** `close()` in a process that lives on: what was sent is abandoned; a new source starts with nothing in memory. */
  readonly closes: number
  /** A claim is not removed when it should be, because the store cannot be used. */
  readonly failedReleases: number
}

/** Ways to read the protocol. A suite's readings depart from the mended protocol in one of them at a time. */
export interface Readings {
  /** What a commit leaves behind: see `generations.ts`. */
  readonly generations: "moved" | "copied" | "kept" | "previous-removed" | "highest-wins"
  readonly removal: "mark-first" | "claim-first"
  /** Which claims of the token a release removes. */
  readonly release: "own" | "all" | "all-after-commit"
  readonly firstRead: "liveness" | "mark"
  readonly marksRead: "highest" | "all"
  readonly lastTry: "per-claim" | "per-token" | "per-dead-owner"
  /** "Not processed" as the answer to a retry, when nobody knows what became of the request before it. */
  readonly notProcessedAfterUnknown: "drop" | "keep"
  /** Whether an owner that was stopped for 5 s starts over before any send, or only before its first. */
  readonly pauseRule: "any-send" | "first-send"
  readonly secondLookSeesTombstone: boolean
  /** Liveness and marks are read again after the claim is taken, and the claim itself before its first send. */
  readonly recheck: boolean
  /** Looks in the store once more before concluding that no try is left. */
  readonly looksBeforeGivingUp: boolean
  /** `as-coded`: liveness, marks, tombstone and store are read one by one, in the order of the code. */
  readonly granularity: "coarse" | "as-coded"
  /** What an owner does before it repeats a request or a write: nothing, or what the code does (`moves/repeat.ts`). */
  readonly repetition: "blind" | "looks-first"
  /** An owner whose repetition finds a higher claim gives its own up: as a dead owner's, or by removing it. */
  readonly givenUp: "abandoned" | "removed"
  /** A newer record may be adopted while a request is under way (`changes()`, or a sign-out in the same process). */
  readonly notices: boolean
  /** The generation of a token that could not be written: counted from what was planned, or from what is known by then. */
  readonly unwrittenGeneration: "after-plan" | "after-memory"
  /** A refused grant is final if the store has nothing newer than what was planned, or nothing newer than memory. */
  readonly refusalComparedWith: "plan" | "memory"
  /**
   * A process spends the refresh token that begins a new lineage, and meanwhile another commits a rotation of the old one:
   * what came of it is dropped for what is there, or kept, and written on top.
   */
  readonly overtakenLineage: "dropped" | "kept"
  /**
   * A refused commit of a sign-in: written again as it is, or only if what is there is of another lineage. (A commit that is
   * refused because of a higher generation has been there for a moment: others may have gone on from it.)
   */
  readonly refusedSignIn: "repeated" | "looked-at"
  /**
   * A sign-out is found while nobody knows what became of the first use of a new lineage's refresh token: it is forgotten, or
   * the sign-out is made to know of it, so that nobody begins the lineage again.
   */
  readonly unknownFirstUse: "forgotten" | "noted"
  /**
   * Who finds the store emptied puts back what it has: as it was, or noting that it did. Whether its refresh token was sent
   * meanwhile, the claims that are gone would have told: it is presented as a last try then, and not before a request that
   * was under way has ended.
   */
  readonly refill: "bare" | "noted"
  /**
   * The record that has come before this process's own, with the very refresh token in it that this process has spent: taken
   * for its successor, or for the old one written again, which gets this process's own on top.
   */
  readonly rewrittenRecord: "adopted" | "written-over"
  /** What is rewritten was read before the claim, or under it. */
  readonly rewriteReads: "before-claim" | "under-claim"
  /** A release that failed: forgotten, while its owner lives on, or tried again. */
  readonly failedRelease: "forgotten" | "repeated"
}

export interface ModelOptions extends FaultBudgets, Readings {
  readonly processes: number
  /** How many times the refresh token is to be rotated; with a sign-in, in each family. */
  readonly rotations: number
  readonly highestClaim: number
  readonly grant: "single-use" | "repeatable"
  /** What a second use of a spent token does, besides `invalid_grant`. */
  readonly reuse: "revokes" | "refuses"
  /** The issuer answers the token spent just before again, while its window is open. */
  readonly leeway: boolean
  /** A person signs out, once. */
  readonly signOut: boolean
  /**
   * A new lineage begins, once: another program writes its first token (`writer`), or a process is given its refresh
   * token as configuration and spends it itself (`configured`).
   */
  readonly signIn: "none" | "writer" | "configured"
  /**
   * The record is written again, once, with another key: the same token, the next generation, under a claim on its refresh
   * token. `late`: the lease of that claim may run out at any moment, and the write comes all the same.
   */
  readonly rewrite: "none" | "in-time" | "late"
  /** Processes are interchangeable: states that differ by their names only are one. */
  readonly symmetry: boolean
  /** The search is cut off there. */
  readonly maximumStates: number
}

/** The text as it was first written, and no faults. */
export const FIRST_TEXT: ModelOptions = {
  processes: 2,
  rotations: 2,
  highestClaim: 4,
  grant: "single-use",
  reuse: "revokes",
  leeway: false,
  crashes: 0,
  ambiguities: 0,
  refusals: 0,
  failedWrites: 0,
  freezes: 0,
  overtakings: 0,
  deletions: 0,
  wipes: 0,
  closes: 0,
  failedReleases: 0,
  signOut: false,
  signIn: "none",
  rewrite: "none",
  generations: "moved",
  removal: "mark-first",
  release: "own",
  firstRead: "liveness",
  marksRead: "highest",
  lastTry: "per-claim",
  notProcessedAfterUnknown: "drop",
  pauseRule: "any-send",
  secondLookSeesTombstone: true,
  recheck: false,
  looksBeforeGivingUp: false,
  granularity: "coarse",
  repetition: "blind",
  givenUp: "abandoned",
  notices: false,
  unwrittenGeneration: "after-plan",
  refusalComparedWith: "plan",
  overtakenLineage: "kept",
  refusedSignIn: "looked-at",
  unknownFirstUse: "noted",
  rewrittenRecord: "written-over",
  rewriteReads: "under-claim",
  failedRelease: "repeated",
  refill: "bare",
  symmetry: false,
  maximumStates: 6_000_000,
}

/** The protocol after every mend that the model asked for: the design's text. */
export const MENDED: ModelOptions = {
  ...FIRST_TEXT,
  generations: "highest-wins",
  release: "all-after-commit",
  recheck: true,
  looksBeforeGivingUp: true,
  marksRead: "all",
  lastTry: "per-token",
  notProcessedAfterUnknown: "keep",
  pauseRule: "first-send",
  refill: "noted",
}

/** The mended protocol as the library carries it out, step by step. */
export const AS_CODED: ModelOptions = {
  ...MENDED,
  lastTry: "per-dead-owner",
  granularity: "as-coded",
  repetition: "looks-first",
  notices: true,
}
