import { availableParallelism, machine, type } from "node:os"
import { spreadOf } from "../chaos/spread.js"
import type { SessionChaosResult } from "./chaos-run.js"

/** The report of a run, in Markdown that reads well as it is. */
export function formatSessionChaos({ options, counts, violations, windowsMs, durationMs }: SessionChaosResult): string {
  const window = spreadOf(windowsMs)
  return [
    table("Run", [
      ["seed", options.seed],
      ["users at a time", options.users],
      ["machine", `${availableParallelism()} cores, Node.js ${process.versions.node}, ${type()} ${machine()}`],
      ["minutes", (durationMs / 60_000).toFixed(1)],
      ["servers killed (SIGKILL)", counts.kills],
      ["of these, while a renewal of theirs was under way at the issuer", counts.inRenewal],
    ]),
    table("Users", [
      ["sign-ins", counts.signIns],
      ["sign-outs, each asked again after it with the stale cookie from before", counts.signOuts],
      ["signed in at the end, each asked again on every server", counts.stayed],
      ["requests answered by a token", counts.answers],
      ["requests that a killed server reset", counts.resets],
      ["refresh tokens rotated by the issuer", counts.rotations],
    ]),
    table("Refresh tokens in rows that the issuer does not take any more", [
      [
        "killed after the issuer had rotated, before the row was written: the window that no client can close",
        counts.windows,
      ],
      ["of these presented once more, as a last try", counts.lastTries],
      ["families revoked by that", counts.familiesRevoked],
      ["**violations** (must be 0)", violations.length],
    ]),
    `From the rotation until the kill, in that window: median ${window.median} ms, at most ${window.max} ms.`,
    ...violations.map((violation) => `VIOLATION: ${violation}`),
    `${violations.length} violations`,
  ].join("\n\n")
}

function table(title: string, rows: readonly (readonly [string, string | number])[]): string {
  return [`# ${title}`, "", "|  |  |", "| --- | ---: |", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join(
    "\n",
  )
}
