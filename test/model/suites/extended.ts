import { asCoded, type Configuration } from "../configurations.js"

/** What the library does, step by step, with what the first model left out: `close()`, sign-in, failing releases. */
export const EXTENDED_SMALL: readonly Configuration[] = [
  asCoded("as coded: crash, ambiguity", { crashes: 1, ambiguities: 1 }),
  asCoded("as coded: failed write, sign-out", { failedWrites: 1, signOut: true }),
  asCoded("as coded: close, ambiguity", { closes: 1, ambiguities: 1 }),
  asCoded("as coded: sign-in by another program", { signIn: "writer", rotations: 1 }),
  asCoded("as coded: sign-in by configuration", { signIn: "configured" }),
  asCoded("as coded: close, sign-out", { closes: 1, signOut: true }),
  asCoded("as coded: sign-in by configuration, sign-out", { signIn: "configured", signOut: true, rotations: 1 }),
  asCoded("as coded: the store loses everything", { wipes: 1 }),
  asCoded("as coded: a release that fails", { failedReleases: 1, crashes: 1 }),
]

/** The same with more faults at once: minutes. */
export const EXTENDED: readonly Configuration[] = [
  ...EXTENDED_SMALL,
  asCoded("as coded: 2 crashes, ambiguity, refusal", { crashes: 2, ambiguities: 1, refusals: 1 }),
  asCoded("as coded: crash, failed write, ambiguity, sign-out", {
    crashes: 1,
    failedWrites: 1,
    ambiguities: 1,
    signOut: true,
    rotations: 1,
  }),
  asCoded("as coded: close, crash, ambiguity, failed write", {
    closes: 1,
    crashes: 1,
    ambiguities: 1,
    failedWrites: 1,
    rotations: 1,
  }),
  asCoded("as coded: freeze, crash, refusing issuer", { freezes: 1, crashes: 1, reuse: "refuses" }),
  asCoded("as coded: freeze, ambiguity", { freezes: 1, ambiguities: 1 }),
  asCoded("as coded: leeway, crash, ambiguity", { leeway: true, crashes: 1, ambiguities: 1 }),
  asCoded("as coded: sign-in by another program, crash, 2 rotations", { signIn: "writer", crashes: 1 }),
  asCoded("as coded: sign-in by another program, close", { signIn: "writer", closes: 1, rotations: 1 }),
  asCoded("as coded: sign-in by configuration, crash", { signIn: "configured", crashes: 1 }),
  asCoded("as coded: sign-in by configuration, ambiguity", { signIn: "configured", ambiguities: 1, rotations: 1 }),
  asCoded("as coded: sign-in by configuration, failed write", { signIn: "configured", failedWrites: 1 }),
  asCoded("as coded: sign-in by configuration, crash, ambiguity, failed write", {
    signIn: "configured",
    rotations: 1,
    crashes: 1,
    ambiguities: 1,
    failedWrites: 1,
  }),
  asCoded("as coded: sign-in by configuration, ambiguity, close", {
    signIn: "configured",
    rotations: 1,
    ambiguities: 1,
    closes: 1,
  }),
  asCoded("as coded: sign-in by another program, sign-out", { signIn: "writer", signOut: true, rotations: 1 }),
  asCoded("as coded: sign-in by configuration, sign-out, ambiguity", {
    signIn: "configured",
    signOut: true,
    rotations: 1,
    ambiguities: 1,
  }),
  asCoded("as coded: sign-in by configuration, sign-out, close", {
    signIn: "configured",
    signOut: true,
    rotations: 1,
    closes: 1,
  }),
  asCoded("as coded: sign-in by configuration, sign-out, failed write, crash", {
    signIn: "configured",
    signOut: true,
    rotations: 1,
    failedWrites: 1,
    crashes: 1,
  }),
  asCoded("as coded: 3 processes, 1 rotation, crash, ambiguity", {
    processes: 3,
    rotations: 1,
    crashes: 1,
    ambiguities: 1,
    symmetry: true,
  }),
  asCoded("as coded: the store loses everything, ambiguity, refusal", { wipes: 1, ambiguities: 1, refusals: 1 }),
  asCoded("as coded: the store loses everything, failed write", { wipes: 1, failedWrites: 1, rotations: 1 }),
  asCoded("as coded: the store loses everything, 3 processes", {
    wipes: 1,
    processes: 3,
    rotations: 1,
    symmetry: true,
  }),
  asCoded("as coded: repeatable, crash, overtaking", { grant: "repeatable", crashes: 1, overtakings: 1 }),
]
