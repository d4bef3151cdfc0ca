import { mended, type Configuration } from "../configurations.js"
import { EXTENDED, EXTENDED_SMALL } from "./extended.js"
import { FILES } from "./files.js"
import { MENDED_SUITE } from "./mended.js"
import { CODE_READINGS, FULL_READINGS, READINGS, REWRITE_READINGS } from "./readings.js"
import { HEARTBEAT, PINNED, REPEATABLE } from "./small.js"

/** What CI runs. */
const QUICK: readonly Configuration[] = [
  PINNED.mended,
  PINNED.asCoded,
  mended("mended: crash, ambiguity", { crashes: 1, ambiguities: 1 }),
  mended("mended: crash, sign-out", { crashes: 1, signOut: true }),
  ...REPEATABLE.slice(0, 3),
  ...HEARTBEAT.slice(1, 2),
  ...EXTENDED_SMALL,
  ...READINGS,
  ...CODE_READINGS,
  ...REWRITE_READINGS,
]

export const SUITES: Readonly<Record<string, readonly Configuration[]>> = {
  quick: QUICK,
  mended: MENDED_SUITE,
  readings: [...FULL_READINGS, ...REWRITE_READINGS],
  fs: FILES,
  repeat: REPEATABLE,
  hb: HEARTBEAT,
  extended: EXTENDED,
}
