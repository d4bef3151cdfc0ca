export interface Outcome {
  /** The first step of the counter-example that the real processes do not take; undefined: they take them all. */
  readonly departure?: string
  /** What came to the issuer until the counter-example was over: who, what, and how it said that it presented it. */
  readonly presented: readonly string[]
  readonly stored: "a token" | "a sign-out"
  /** What a process gets that comes after it all. */
  readonly ends: "renews" | "ERR_REAUTHENTICATION_REQUIRED"
}

const SERVED = { stored: "a token", ends: "renews" } as const
const SIGNED_OUT = { stored: "a sign-out", ends: "ERR_REAUTHENTICATION_REQUIRED" } as const

/** What becomes of the model's counter-examples, by the name of the reading, where the rule is kept. */
export const OUTCOMES: Readonly<Record<string, Outcome>> = {
  // the answer was written just before its owner died: it is found, and no last try is spent
  "no second look before giving up": {
    ...SERVED,
    departure: "P2 rejected: no try is left: tombstone",
    presented: ["P1 rt0 last-try"],
  },
  "the 5 s rule applied to a retry": {
    ...SERVED,
    departure: "P1 removed: removes sent mark 1",
    presented: ["P1 rt0 first", "P1 rt0 repeat"],
  },
  "the claim removed when a retry was not processed": {
    ...SERVED,
    departure: "P1 removed: removes sent mark 1",
    presented: ["P1 rt0 first", "P1 rt0 repeat", "P1 rt0 repeat", "P1 rt0 repeat"],
  },
  // the first owner died with its mark: one more try
  "the sent mark read before liveness": {
    ...SERVED,
    departure: "P2 rejected: no try is left: tombstone",
    presented: ["P2 rt0 last-try"],
  },
  "only the highest claim's sent mark read": {
    ...SERVED,
    departure: "P2 sending: sends rt0 (first)",
    presented: ["P1 rt0 first", "P2 rt0 last-try"],
  },
  // two owners have died, and the design has one last try for each
  "a last try per claim": { ...SERVED, presented: ["P1 rt0 last-try", "P2 rt0 last-try"] },
  "the claim removed before its sent mark": {
    ...SERVED,
    departure: "P1 released: removes sent mark 1",
    presented: ["P2 rt0 first", "P1 rt0 last-try"],
  },
  "all claims removed at every release": {
    ...SERVED,
    departure: "P2 removed: removes sent mark 1",
    presented: ["P1 rt0 first", "P2 rt0 last-try"],
  },
  // the request that was given up has arrived before the repetition: that no client can prevent
  "the tombstone not looked for again": {
    departure: "P2 claimed: creates claim 1 on rt0 (first)",
    presented: ["P1 rt0 first", "P1 rt0 repeat"],
    stored: "a token",
    ends: "ERR_REAUTHENTICATION_REQUIRED",
  },
  "a frozen owner does not check its claim": {
    ...SERVED,
    departure: "P2 claimed: creates claim 2 on rt0 (last-try)",
    presented: ["P1 rt0 first"],
  },
  "gen-<n> moved over the store": { ...SIGNED_OUT, departure: "P1 marked: writes sent mark 1", presented: [] },
  "gen-<n> removed after its copy": {
    ...SERVED,
    departure: "P1 committed: renames v1 over the store",
    presented: ["P1 rt0 first", "P2 rt1 first"],
  },
  "gen-<n-1> removed": {
    ...SERVED,
    departure: "P1 committed: renames v1 over the store",
    presented: ["P1 rt0 first", "P2 rt1 first", "P2 rt2 first"],
  },
  "a claim given up after a send is removed": {
    ...SERVED,
    departure: "P1 removed: removes sent mark 1",
    presented: ["P1 rt0 first"],
  },
  "an unwritten token numbered after what is known by then": {
    ...SIGNED_OUT,
    departure: "P1 linked: links gen-2 (rt1)",
    presented: ["P1 rt0 first"],
  },
  // who found nothing there waits until the other one must have its answer, and that one has none
  "what an emptied store is given back is presented as if nothing had been sent": {
    ...SERVED,
    departure: "P2 tombstone-read: no tombstone",
    presented: ["P1 rt0 first", "P2 rt0 last-try"],
  },
  "a refused grant judged by what is news to this process": {
    ...SERVED,
    departure: "P2 rejected: writes the tombstone",
    presented: ["P1 rt0 first", "P2 rt0 last-try"],
  },
  // names count on: rt1 is what the model calls new-rt0
  "a new lineage dropped when a rotation of the old one comes first": {
    ...SERVED,
    departure: "P1 looked: v1 is due",
    presented: ["P1 rt1 first", "P2 rt0 first"],
  },
  "a refused sign-in written again unseen": {
    ...SERVED,
    departure: "signing-in: links gen-3",
    presented: ["signing-in rt1 first", "P1 rt2 first", "P1 rt3 first"],
  },
  "an unknown first use is forgotten at a sign-out": {
    ...SIGNED_OUT,
    departure: "P1 looked: v1 is due",
    presented: ["P1 rt1 first"],
  },
  "the spent refresh token, written again, taken for news": {
    ...SERVED,
    presented: ["P1 rt0 first", "P1 rt1 first"],
  },
  // its release fails in the last step, and is repeated
  "a release that failed is forgotten": { ...SERVED, presented: [] },
}
