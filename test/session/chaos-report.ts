import { circumstances, reportSection, windowsText } from "../chaos/report-section.js"
import type { SessionChaosResult } from "./chaos-run.js"

/** The report of a run, in Markdown that reads well as it is. */
export function formatSessionChaos({ options, counts, violations, windowsMs, durationMs }: SessionChaosResult): string {
  return [
    reportSection("Run", [
      ["seed", options.seed],
      ["users at a time", options.users],
      ...circumstances(durationMs),
      ["servers killed (SIGKILL)", counts.kills],
      ["of these, while a renewal of theirs was under way at the issuer", counts.inRenewal],
    ]),
    reportSection("Users", [
      ["sign-ins", counts.signIns],
      ["sign-outs, each asked again after it with the stale cookie from before", counts.signOuts],
      ["signed in at the end, each asked again on every server", counts.stayed],
      ["requests answered by a token", counts.answers],
      ["requests that a killed server reset", counts.resets],
      ["refresh tokens rotated by the issuer", counts.rotations],
    ]),
    reportSection("Refresh tokens in rows that the issuer does not take any more", [
      [
        "killed after the issuer had rotated, before the row was written: the window that no client can close",
        counts.windows,
      ],
      ["of these presented once more, as a last try", counts.lastTries],
      ["families revoked by that", counts.familiesRevoked],
      ["**violations** (must be 0)", violations.length],
    ]),
    ...windowsText(windowsMs),
    ...violations.map((violation) => `VIOLATION: ${violation}`),
    `${violations.length} violations`,
  ].join("\n\n")
}
