import type { Measurement } from "../measurement.js"
import { reads } from "./reads.js"
import { requests } from "./requests.js"

/** In the order of the columns of the main table. */
export const measurements: readonly Measurement[] = [reads, requests]
