import type { Observable } from "rxjs"
import type { Token, TokenVersion } from "./token.js"

/** What a cache keeps under a key. */
export interface StoredToken {
  readonly version: TokenVersion
  /** Absent, and nothing sealed there: signed out. What is left is the mark by which a late writer is refused. */
  readonly token?: Token | undefined
  /** The token as `encrypted` of `evertoken/encryption` hands it to the cache within. Never together with `token`. */
  readonly sealed?: SealedToken | undefined
  /** The fingerprint of the source that got it. */
  readonly fingerprint?: string | undefined
  /**
   * When a process put this record back into a store that had lost it, epoch milliseconds. What else was lost, claims say:
   * a refresh token that works once may have been sent by then.
   */
  readonly restoredAt?: number | undefined
  /** Hashes of the configured refresh tokens that began a lineage here, oldest first. */
  readonly lineages: readonly string[]
}

/** A token that only those who have the key can read. */
export interface SealedToken {
  /** A JWE in its compact serialization (RFC 7516, section 7.1). */
  readonly jwe: string
  /**
   * What is to be added to the times within, in milliseconds: by so much the clock of this process is ahead of the
   * writer's. Set by a store with a clock of its own, when it is read. Absent: nothing.
   */
  readonly shiftMs?: number | undefined
  /**
   * The hash of the refresh token within, as claims on it are named: a store that sweeps lets them stay. Set by who seals,
   * and not kept.
   */
  readonly spends?: string | undefined
}

/** The outcome of a compare-and-set. */
export type Commit =
  | { readonly committed: true }
  /** Somebody else wrote since `expected`. */
  | {
      readonly committed: false
      readonly current: StoredToken | undefined
      /**
       * Of a record that is sealed, instead of a generation that the cache gives it: what is there cannot be read, and has
       * this generation. A token that is sealed for a higher one is not refused.
       */
      readonly floor?: number | undefined
    }

/**
 * Where tokens are kept, and compared and set. Safe to use concurrently, by any number of processes if `durable`.
 * Every method rejects with a `TokenError` of code `ERR_TOKEN_CACHE` when the store cannot be used. Every
 * implementation passes `tokenCacheContract` of `evertoken/testing`.
 */
export interface TokenCache {
  /** For messages and events: `"file"`, `"redis"`. */
  readonly name: string
  /** Whether it outlives the process. The last durable cache of a source is the authority. */
  readonly durable: boolean
  /**
   * What is stored. A miss is `undefined`, never an error; so is a record that cannot be read, which is reported and kept
   * aside. One that others may be able to read, since they have its key, is an error.
   */
  get(key: string): Promise<StoredToken | undefined>
  /**
   * Compare-and-set: writes `record` if the version there is `expected` (undefined: nothing there). Durable when it
   * resolves. `record.version.generation` is higher than the expected one. Above a record that cannot be read it is
   * raised, but not that of a sealed token, which would open no more.
   */
  commit(key: string, record: StoredToken, options: CommitOptions): Promise<Commit>
  /** Signing out: replaces the record by a mark of the next generation, so that a late writer is refused. */
  delete(key: string): Promise<void>
  /** The exclusive right to ask the issuer, not yet taken. `what` names what the request spends. */
  claim?(key: string, what: ClaimSubject): Claim
  /** Emits after another process has written or deleted the record of this key. Never errors. */
  changes?(key: string): Observable<void>
  /** Ends what it holds open. */
  close?(): Promise<void>
}

/** What has to be there for a commit to be carried out. */
export interface CommitOptions {
  readonly expected: TokenVersion | undefined
}

/** What a claim is about: two requests that would spend the same have the same subject. */
export interface ClaimSubject {
  /** 16 hex digits of SHA-256 of the refresh token about to be spent, or the version where none is. Fit for a file name. */
  readonly what: string
  /** What is spent works once: a claim whose request was sent is never just repeated. */
  readonly singleUse: boolean
}

/**
 * A numbered claim on the right to ask the issuer about one subject (design, section 6). A claim of a dead owner is
 * never removed, but followed by the next number. The decisions are the renewal's; a cache only provides these steps.
 * Each rejects with `ERR_TOKEN_CACHE` when the store cannot be used.
 */
export interface Claim {
  /** How things stand. Reads liveness first, then the sent marks, then the tombstone. */
  look(): Promise<ClaimView>
  /** Creates claim number `n`, exclusively and complete. False: it was there already. */
  take(n: number): Promise<boolean>
  /**
   * Write-ahead intent: durable before it resolves, and room for the answer is reserved. Called again before each
   * repetition, it renews the time of the mark.
   */
  markSent(): Promise<void>
  /** Whether the claim taken is still there, and no higher one. */
  isHeld(): Promise<boolean>
  /**
   * Removes each sent mark before its claim: of the claim taken (`"own"`), or of all claims of the subject, that one last
   * (`"all"`, after a commit). Nothing if the claim taken is not there any more: what others have claimed since a release
   * that is carried out late is theirs.
   */
  release(extent: "own" | "all"): Promise<void>
  /** Leaves claim and mark as those of a dead owner: this process gave up on an outcome that nobody knows. */
  abandon(): Promise<void>
  /** The tombstone: the issuer has refused this subject for good. Every later look sees it. Durable when it resolves. */
  reject(): Promise<void>
}

/** How the claims on one subject stand at one moment. It may be otherwise right after. */
export interface ClaimView {
  /** The highest claim number there; 0 if there is none. */
  readonly n: number
  /** The owner of the highest claim. `"self"`: this very claim. */
  readonly owner: "none" | "alive" | "gone" | "self"
  /** Whether any claim but this very one has a living owner. */
  readonly othersAlive: boolean
  /**
   * The newest sent mark of any claim of the subject: how long ago it was made or renewed. Undefined: none was sent.
   * `Infinity`: nobody knows, since the clock was set back after it.
   */
  readonly sentAgoMs: number | undefined
  /** Whether the tombstone is there. */
  readonly rejected: boolean
}
