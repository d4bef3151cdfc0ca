import { mended, type Configuration } from "../configurations.js"

const ALL_FAULTS = { crashes: 2, ambiguities: 1, refusals: 1, failedWrites: 1 }

/** The protocol of the design, with two and three processes: minutes, and gigabytes. */
export const MENDED_SUITE: readonly Configuration[] = [
  mended("2 processes, all faults", ALL_FAULTS),
  mended("a last try per dead owner", { lastTry: "per-dead-owner", crashes: 2, ambiguities: 1, refusals: 1 }),
  mended("sign-out", { crashes: 1, ambiguities: 1, failedWrites: 1, signOut: true }),
  mended("an issuer that refuses instead of revoking", { ...ALL_FAULTS, reuse: "refuses" }),
  mended("leeway", { crashes: 2, ambiguities: 1, refusals: 1, leeway: true }),
  mended("3 processes, 2 crashes, 1 rotation", {
    processes: 3,
    rotations: 1,
    crashes: 2,
    ambiguities: 1,
    refusals: 1,
    symmetry: true,
  }),
  mended("3 processes, 1 crash, 2 rotations", { processes: 3, crashes: 1, ambiguities: 1, symmetry: true }),
  mended("3 processes, 3 crashes, 1 rotation", {
    processes: 3,
    rotations: 1,
    highestClaim: 5,
    crashes: 3,
    symmetry: true,
  }),
]
