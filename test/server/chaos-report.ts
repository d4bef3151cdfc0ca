import { circumstances, reportSection, windowsText } from "../chaos/report-section.js"
import type { ServerChaosResult } from "./chaos-run.js"

/** The report of a run, in Markdown that reads well as it is. */
export function formatChaos({ options, counts, violations, windowsMs, durationMs }: ServerChaosResult): string {
  return [
    reportSection("Run", [
      ["seed", options.seed],
      ["servers at a time", options.servers],
      ...circumstances(durationMs),
      ["killed (SIGKILL)", counts.killed],
      ["ended in order (SIGINT, SIGTERM; exit code 0)", counts.ended],
      ["ended by SIGINT or SIGTERM before it heard signals: as killed", counts.endedWhileStarting],
      ["of all these, while a renewal was under way", counts.inRenewal],
    ]),
    reportSection("Tokens", [
      ["refresh tokens rotated by the issuer", counts.rotations],
      ["access tokens handed out", counts.handedOut],
      ["sign-ins", counts.signIns],
    ]),
    reportSection("Refresh tokens on disk that the issuer does not take any more", [
      [
        "killed after the issuer had rotated, before the answer was written: the window that no client can close",
        counts.windows,
      ],
      ["of these families revoked, since the spent one was tried once more", counts.familiesRevoked],
      ["**any other** (must be 0)", violations.length],
    ]),
    ...windowsText(windowsMs),
    ...violations.map((violation) => `VIOLATION: ${violation}`),
    `${violations.length} violations`,
  ].join("\n\n")
}
