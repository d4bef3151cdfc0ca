import { z } from "zod"
import { answer } from "./answer.js"
import { duration } from "./duration.js"
import { expectation } from "./expectation.js"
import { operation, outcome } from "./outcome.js"

/** In the order of the renewal transaction. */
export const RENEWAL_STEPS = [
  "looked",
  "claimed",
  "looked-again",
  "marked",
  "sending",
  "answered",
  "committed",
  "released",
] as const

const at = z.enum(RENEWAL_STEPS).optional()
const process = z.string()
const note = { note: z.string().optional() }

/** What can be done in a step. Its first property tells which. */
export const STEPS = {
  /** Starts a watcher. */
  start: z.strictObject({ start: process, ...operation, ...note }),
  /** `current()`. */
  read: z.strictObject({ read: process, gives: outcome.gives, fails: outcome.fails, error: outcome.error, ...note }),
  getToken: z.strictObject({
    getToken: process,
    /** Only a newer token than this will do. */
    newerThan: z.string().optional(),
    minimumValidity: duration.optional(),
    /** Cancelled after this time. */
    patience: duration.optional(),
    ...operation,
    ...note,
  }),
  /** `refresh()`. */
  renew: z.strictObject({ renew: process, ...operation, ...note }),
  /** `invalidate()`; by default the token at hand. */
  invalidate: z.strictObject({
    invalidate: process,
    token: z.string().optional(),
    times: z.int().positive().optional(),
    ...note,
  }),
  /** `signOut()` of the watcher, or of its source. */
  signOut: z.strictObject({ signOut: process, ...operation, ...note }),
  close: z.strictObject({ close: process, ...operation, ...note }),
  /** The outcome of an operation begun by `as`. */
  await: z.strictObject({ await: z.string(), ...outcome, ...note }),
  /** Aborts the signal of a `getToken` begun by `as`. */
  cancel: z.strictObject({ cancel: z.string(), ...note }),
  /** As by SIGKILL: now, or when it next reaches a step of the renewal transaction. */
  kill: z.strictObject({ kill: process, at, ...note }),
  /** As by SIGSTOP. */
  freeze: z.strictObject({ freeze: process, at, ...note }),
  /** As by SIGCONT. */
  thaw: z.strictObject({ thaw: process, ...note }),
  /** A new process of this name, with new caches; the one before is killed if it is still there. */
  restart: z.strictObject({ restart: process, ...note }),
  /** A person signs in: the process is restarted with a new refresh token in its configuration. */
  signIn: z.strictObject({ signIn: process, ...note }),
  /** Time passes on both clocks. */
  advance: z.strictObject({ advance: duration, ...note }),
  /** The wall clock is set. */
  stepClock: z.strictObject({ stepClock: duration, ...note }),
  /** The machine sleeps: the wall clock goes on, timers do not. */
  sleep: z.strictObject({ sleep: duration, ...note }),
  issuer: z.strictObject({
    issuer: z.strictObject({
      /** What the next requests meet, one each. */
      next: z.array(answer).optional(),
      /** What all other requests meet from now on. */
      usually: answer.optional(),
      /** All grants of users are revoked. */
      revokes: z.literal("all grants").optional(),
    }),
    ...note,
  }),
  /** Another program, not using this library's processes, renews the token and writes it to the store of this process. */
  write: z.strictObject({ write: process, ...note }),
  store: z.strictObject({
    store: z.enum([
      "fails",
      "hangs",
      "fails after doing it",
      "recovers",
      "is emptied",
      "is torn",
      "copy is torn",
      "is backed up",
      "is restored",
    ]),
    /** Which operations fail or hang. Default: all. */
    operations: z
      .array(z.enum(["get", "commit", "delete", "claim"]))
      .nonempty()
      .optional(),
    /** For which process alone. Default: for all. */
    for: process.optional(),
    ...note,
  }),
  expect: z.strictObject({ expect: expectation, ...note }),
} as const

/** One step. */
export const step = z.union([
  STEPS.start,
  STEPS.read,
  STEPS.getToken,
  STEPS.renew,
  STEPS.invalidate,
  STEPS.signOut,
  STEPS.close,
  STEPS.await,
  STEPS.cancel,
  STEPS.kill,
  STEPS.freeze,
  STEPS.thaw,
  STEPS.restart,
  STEPS.signIn,
  STEPS.advance,
  STEPS.stepClock,
  STEPS.sleep,
  STEPS.issuer,
  STEPS.write,
  STEPS.store,
  STEPS.expect,
])

export type Step = z.infer<typeof step>
export type StepOf<Verb extends keyof typeof STEPS> = z.infer<(typeof STEPS)[Verb]>
export type RenewalStepName = (typeof RENEWAL_STEPS)[number]
