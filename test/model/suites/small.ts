import { asCoded, mended, type Configuration } from "../configurations.js"

/** A token that may be asked for twice: claims save requests, and overtaking saves time. */
export const REPEATABLE: readonly Configuration[] = [
  mended("repeatable, no faults", { grant: "repeatable", rotations: 3 }),
  mended("repeatable, no faults, 3 processes", { grant: "repeatable", processes: 3, symmetry: true }),
  mended("repeatable, all claims removed", { grant: "repeatable", release: "all", refusals: 1, overtakings: 1 }),
  mended("repeatable, all faults (cut off)", {
    grant: "repeatable",
    crashes: 2,
    ambiguities: 1,
    refusals: 1,
    failedWrites: 1,
    overtakings: 1,
  }),
]

/** Owners that are alive and deemed gone. Used-up last tries of frozen owners are not exempt: hence I4 and I6. */
export const HEARTBEAT: readonly Configuration[] = [
  mended("frozen owner, claim not checked again", { freezes: 1, recheck: false }, "I1"),
  mended("frozen owner", { freezes: 1 }),
  mended("frozen owner, crash", { freezes: 1, crashes: 1 }, "I4", "I6"),
  asCoded("frozen owner, crash, as coded", { freezes: 1, crashes: 1 }),
]

/** Two whose size is known by heart: a change of it is a change of the model. */
export const PINNED = {
  mended: mended("mended, 1 crash", { crashes: 1 }),
  asCoded: asCoded("as coded, 1 crash", { crashes: 1 }),
}
