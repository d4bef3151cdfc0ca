import type { Scenario } from "../scenario.js"
import { coldCallers, lateRejections, twoScopes } from "./callers.js"
import { fourMinutes, opaqueToken, thirtyDays } from "./lifetimes.js"
import { hungIssuer, issuerDown, nobodyWaits, retryAfter } from "./outages.js"
import { deadOwner, processExit, secretsInErrors, sixteenProcesses } from "./processes.js"
import { noRefreshTokenInAnswer, rotatedRefreshToken } from "./refresh-tokens.js"

export const scenarios: readonly Scenario[] = [
  coldCallers,
  issuerDown,
  retryAfter,
  hungIssuer,
  nobodyWaits,
  thirtyDays,
  fourMinutes,
  rotatedRefreshToken,
  noRefreshTokenInAnswer,
  lateRejections,
  opaqueToken,
  twoScopes,
  processExit,
  secretsInErrors,
  deadOwner,
  sixteenProcesses,
]
