import type { Scenario } from "../scenario.js"
import { coldCallers } from "./callers.js"
import { fourMinutes } from "./lifetimes.js"
import { issuerDown } from "./outages.js"

export const scenarios: readonly Scenario[] = [coldCallers, issuerDown, fourMinutes]
