import { asCoded, mended, type Change, type Configuration } from "../configurations.js"

// one rotation, where that is enough to break it
const reading = (name: string, change: Change, ...breaks: string[]) =>
  mended(name, { rotations: 1, ...change }, ...breaks)
const codeReading = (name: string, change: Change, ...breaks: string[]) =>
  asCoded(name, { rotations: 1, ...change }, ...breaks)

/** Each departs in one point from the mended protocol, and breaks what is named: why the design looks fussy there. */
export const READINGS: readonly Configuration[] = [
  reading("no second look before giving up", { looksBeforeGivingUp: false, crashes: 2, rotations: 2 }, "I6"),
  reading("the 5 s rule applied to a retry", { pauseRule: "any-send", ambiguities: 1 }, "I1"),
  reading(
    "the claim removed when a retry was not processed",
    { notProcessedAfterUnknown: "drop", ambiguities: 1, refusals: 1 },
    "I1",
  ),
  reading("the sent mark read before liveness", { firstRead: "mark", crashes: 2 }, "I4", "I6"),
  reading("only the highest claim's sent mark read", { marksRead: "highest", crashes: 2 }, "I1"),
  reading("a last try per claim", { lastTry: "per-claim", crashes: 2 }, "I1"),
  reading("the claim removed before its sent mark", { removal: "claim-first", crashes: 2 }, "I1", "I1b", "I4", "I6"),
  reading("all claims removed at every release", { release: "all", crashes: 2, refusals: 1 }, "I1", "I1b", "I4", "I6"),
  reading("the tombstone not looked for again", { secondLookSeesTombstone: false, crashes: 1, ambiguities: 1 }, "I1b"),
  reading("a frozen owner does not check its claim", { recheck: false, freezes: 1 }, "I1"),
  reading("gen-<n> moved over the store", { generations: "moved", crashes: 1, signOut: true }, "I2"),
  reading("gen-<n> removed after its copy", { generations: "copied", crashes: 1, rotations: 2 }, "I2"),
  reading("gen-<n-1> removed", { generations: "previous-removed", crashes: 1, rotations: 3 }, "I2"),
]

/** The same for what the code decides and the first model left out. */
export const CODE_READINGS: readonly Configuration[] = [
  codeReading("a claim given up after a send is removed", { givenUp: "removed", freezes: 1, ambiguities: 1 }, "I1"),
  codeReading(
    "an unwritten token numbered after what is known by then",
    { unwrittenGeneration: "after-memory", failedWrites: 1, signOut: true },
    "I2",
  ),
  codeReading(
    "a refused grant judged by what is news to this process",
    { refusalComparedWith: "memory", freezes: 1, crashes: 1, reuse: "refuses", rotations: 2 },
    "I6",
  ),
  codeReading(
    "a new lineage dropped when a rotation of the old one comes first",
    { overtakenLineage: "dropped", signIn: "configured" },
    "I1",
  ),
  codeReading(
    "a refused sign-in written again unseen",
    { refusedSignIn: "repeated", rewrittenRecord: "adopted", signIn: "writer" },
    "I1",
  ),
  codeReading(
    "an unknown first use is forgotten at a sign-out",
    { unknownFirstUse: "forgotten", processes: 1, signIn: "configured", signOut: true, ambiguities: 1 },
    "I1",
  ),
  codeReading(
    "what an emptied store is given back is presented as if nothing had been sent",
    { refill: "bare", wipes: 1 },
    "I1",
  ),
  codeReading(
    "the spent refresh token, written again, taken for news",
    { rewrittenRecord: "adopted", rewrite: "late" },
    "I1",
  ),
  codeReading("a release that failed is forgotten", { failedRelease: "forgotten", failedReleases: 1 }, "I4"),
]

/** The same for what is no renewal: `reencrypt`. */
export const REWRITE_READINGS: readonly Configuration[] = [
  codeReading(
    "what is written again is not read again under the claim",
    { rewriteReads: "before-claim", rewrite: "in-time", wipes: 1 },
    "I1",
  ),
]

/** The size of the model's first results. */
export const FULL_READINGS: readonly Configuration[] = [...READINGS, ...CODE_READINGS].map((configuration) => {
  const { options } = configuration
  return { ...configuration, options: { ...options, rotations: Math.max(2, options.rotations) } }
})
