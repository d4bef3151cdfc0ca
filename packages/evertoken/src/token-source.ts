import { createHash } from "node:crypto"
import type { Observable } from "rxjs"
import type { Token } from "./token.js"

/** Something that can be asked for a token: a grant, a file, a login of the application's own, a cache, a watcher. */
export interface TokenSource {
  /**
   * Gets a token. Safe to call concurrently.
   * @returns a promise that rejects with a `TokenError`, or with `request.signal.reason` when cancelled.
   */
  getToken(request?: TokenRequest): Promise<Token>
  /**
   * The fresh token at hand, which {@link getToken} would give: for whoever sends with every token, and need not wait for
   * one. Asks nobody. Undefined: there is none, ask for it.
   */
  atHand?(): Token | undefined
  /**
   * Does what can be done before anything is spent, such as finding an issuer's metadata. Called before a request that
   * spends something that works once, whose way is then short; what fails here has spent nothing. Safe to call
   * concurrently, and again: usually there is nothing left to do.
   * @returns a promise that rejects with a `TokenError`, or with `signal.reason` when cancelled.
   */
  prepare?(signal: AbortSignal): Promise<void>
  /**
   * What it asks for: issuer, client, subject, scopes, audience; no secret. Two parts from {@link fingerprintOf}: the
   * grant, which owns a refresh token, and the access asked under it. Tokens of another fingerprint are not served.
   */
  readonly fingerprint?: string | undefined
  /** Asking spends something that works once: a rotating refresh token. */
  readonly singleUse?: boolean | undefined
  /**
   * The hash ({@link hashOf}) of the refresh token it was configured with. A record that never saw this one begins
   * a new lineage with it; a record that did goes on with its own. Such a source returns a refresh token with its first
   * token: the configured one, if the issuer gives no other.
   */
  readonly lineage?: string | undefined
  /** Emits when somebody else has written a newer token, or signed out: ask again. Never errors. */
  changes?(): Observable<void>
  /**
   * Whether somebody has signed out, and nobody has signed in since: what it gave before is not to be used any more. A
   * grant that was refused is not signed out.
   */
  readonly signedOut?: boolean | undefined
  /**
   * Forgets the token everywhere it is kept. A renewal under way publishes nothing afterwards.
   * @throws TokenError if it could not be forgotten.
   */
  signOut?(): Promise<void>
  /**
   * Ends background work. What is unsent or repeatable is aborted; a request that was sent and works once is let
   * finish and its answer written, for at most `timeoutMs`.
   */
  close?(options: { readonly timeoutMs: number }): Promise<void>
}

/** What one caller wants. */
export interface TokenRequest {
  /** This caller's patience. Never cancels work that others wait for. */
  readonly signal?: AbortSignal | undefined
  /** Only a different, newer token than this will do. */
  readonly newerThan?: Token | undefined
  /**
   * Valid for so long yet, in milliseconds. Moves the moment of staleness earlier, at most to half of the token's
   * lifetime; a token just issued always satisfies it.
   */
  readonly minimumValidityMs?: number | undefined
  /**
   * Ask at once, even in the pause that follows a failure: for what a person does, not a loop. A time that the issuer
   * itself gave (`Retry-After`; RFC 9110, section 10.2.3) is kept all the same, and so is the one before a request whose
   * outcome is unknown is repeated.
   */
  readonly insist?: boolean | undefined
  /** Set by the renewal: the newest token known, even expired. A refresh token comes from here. */
  readonly previous?: Token | undefined
}

/** First 16 hex digits of SHA-256: names a secret, or a long text, without telling it. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16)
}

/** Makes a {@link TokenSource.fingerprint}. Order counts; `undefined` is a value of its own. */
export function fingerprintOf(parts: {
  /** Who was granted what: issuer, client, subject. */
  readonly grant: readonly (string | undefined)[]
  /** What is asked under it: scopes, audience, resources. */
  readonly access: readonly (string | undefined)[]
}): string {
  return `${hashOf(JSON.stringify(parts.grant))}.${hashOf(JSON.stringify(parts.access))}`
}

/** Whether two fingerprints belong to the same grant, so that a refresh token of the one serves the other. */
export function sameGrant(a: string | undefined, b: string | undefined): boolean {
  return a?.split(".")[0] === b?.split(".")[0]
}
