import type { Clock, StoredToken, TokenCache } from "evertoken"

/** What happens to the content of a store behind the back of those who use it. */
export type StoreMishap = "is emptied" | "is torn" | "copy is torn" | "is backed up" | "is restored"

/** A kind of store that scenarios are played against. */
export interface StoreUnderTest {
  readonly name: string
  open(clock: Clock): Promise<OpenStore>
  /** Resolves when nothing that was asked of the store is under way any more. The virtual clock waits for it. */
  settle(): Promise<void>
  /** Ends what its stores share, such as a server. */
  end?(): Promise<void>
}

/** One store, empty at first. */
export interface OpenStore extends AsyncDisposable {
  /** A connection for one process. */
  connect(clock: Clock): TokenCache
  /** What is there, past all faults. */
  read(key: string): Promise<StoredToken | undefined>
  /** @returns false if that cannot happen to a store of this kind. */
  suffer(mishap: StoreMishap): Promise<boolean>
  /** Every name that somebody without access to the content can see. */
  visibleNames(): Promise<readonly string[]>
}
