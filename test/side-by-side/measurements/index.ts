import type { Measurement } from "../measurement.js"
import { herd } from "./herd.js"
import { imports } from "./imports.js"
import { keys } from "./keys.js"
import { processes } from "./processes.js"
import { reads } from "./reads.js"
import { requests } from "./requests.js"
import { steps } from "./steps.js"
import { takeover } from "./takeover.js"

/** In the order of the columns of the main table. */
export const measurements: readonly Measurement[] = [reads, keys, requests, herd, processes, takeover, steps, imports]
