import type { Presentation, RenewalStep } from "../../packages/evertoken/src/events.js"

/** Moves between two named steps of the transaction. */
export type InnerStep =
  | "begun"
  | "read"
  | "rename-completed"
  | "refilled"
  | "waited"
  | "claims-found"
  | "marks-read"
  | "tombstone-read"
  | "gave-up"
  | "checked"
  | "noticed"
  | "will-repeat"
  | "rejected"
  | "linked"
  | "write-failed"
  | "removed"

/** What the world does. */
export type OutsideStep =
  | "killed"
  | "restarted"
  | "frozen"
  | "thawed"
  | "closed"
  | "configured"
  | "issuer-answered"
  | "stray-request"
  | "store-deleted"
  | "signing-out"
  | "signing-in"
  | "rewriting"
  | "time-passed"

/** One move of a trace. */
export interface ModelStep {
  /** The process that moves, or whose request or life it is about, counted from 1. */
  readonly process: number | undefined
  /** The transaction's own name if it reaches one of its named steps by this move. */
  readonly step: RenewalStep | InnerStep | OutsideStep
  /** With `sending`: how what is spent is presented. */
  readonly presentation?: Presentation | undefined
  /** In words, for people. */
  readonly detail: string
}

export function formatStep({ process, step, detail }: ModelStep): string {
  return `${process === undefined ? "" : `P${process} `}${step}: ${detail}`
}
