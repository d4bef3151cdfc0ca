import type { Presentation as PresentationName } from "../../packages/evertoken/src/events.js"

/** Where a process stands. Values are part of the packed state, and their order decides canonical forms. */
export const Phase = {
  idle: 0,
  reading: 1,
  seekingNextGeneration: 2,
  completingRename: 3,
  findingClaims: 4,
  readingMarks: 5,
  claiming: 6,
  marking: 7,
  beforeSending: 8,
  waiting: 9,
  outcomeUnknown: 10,
  linking: 11,
  renaming: 12,
  cleaning: 13,
  releasing: 14,
  reauthentication: 15,
  refilling: 16,
  checkingLink: 17,
  readingTombstone: 18,
  rereadingLiveness: 19,
  rereadingMarks: 20,
  rereadingTombstone: 21,
  sending: 22,
  rejecting: 23,
  repeatingTombstone: 24,
  repeatingMark: 25,
  repeatingHeld: 26,
} as const

const PHASE_NAMES = Object.keys(Phase)
export const phaseName = (phase: number): string => PHASE_NAMES[phase] ?? `phase ${phase}`

/** What a look in the store is for. */
export const Purpose = {
  renew: 0,
  confirm: 1,
  adoptAfterRefusal: 2,
  judgeRefusedGrant: 3,
  repeatRequest: 4,
  repeatWrite: 5,
} as const

/** How a token is presented, by the names of the code; `none`: no try is left. */
export const Presentation = { first: 0, repeat: 1, lastTry: 2, withinLeeway: 3, none: 9 } as const
const PRESENTATIONS: readonly PresentationName[] = ["first", "repeat", "last-try", "within-leeway"]
export const presentationName = (presentation: number): PresentationName | undefined => PRESENTATIONS[presentation]
export const describePresentation = (presentation: number): string => presentationName(presentation) ?? "no try is left"

/** What has become of a request, as far as the network and the issuer know. */
export const Request = { none: 0, underWay: 1, granted: 2, notProcessed: 3, invalidGrant: 4, serverError: 5 } as const

/** What a process does once its claim is released. */
export const After = { idle: 0, look: 1, reauthentication: 2, restart: 3 } as const

/**
 * Who owns a claim: nobody, a dead process, process `i` as `firstProcess + i`, or who rewrites the record: with a lease, or one
 * that has run out.
 */
export const Owner = { none: 0, gone: 1, firstProcess: 2, rewriter: 100, lapsedRewriter: 101 } as const

export const Mark = { none: 0, sent: 1, lastTry: 2 } as const

/** Where a person who writes the store by another program stands. */
export const PersonPhase = {
  done: 0,
  reading: 1,
  linking: 2,
  renaming: 3,
  cleaning: 4,
  finished: 5,
  checking: 6,
  claiming: 7,
  readingAgain: 8,
  releasing: 9,
} as const

/**
 * In the store and in memory: nothing, refresh token `t` as `t + 1`, or a sign-out, which knows of the new lineage or does
 * not: one that does not may be followed by the first token of it.
 */
export const NOTHING = 0
export const SIGNED_OUT = 200
export const SIGNED_OUT_OF_BOTH = 201
export const recordOf = (token: number): number => token + 1
export const tokenOf = (record: number): number => record - 1
export const isSignedOut = (record: number): boolean => record >= SIGNED_OUT
export const hasToken = (record: number): boolean => record !== NOTHING && !isSignedOut(record)
