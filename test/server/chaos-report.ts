import { availableParallelism, machine, type } from "node:os"
import { spreadOf } from "../chaos/spread.js"
import type { ServerChaosResult } from "./chaos-run.js"

/** The report of a run, in Markdown that reads well as it is. */
export function formatChaos({ options, counts, violations, windowsMs, durationMs }: ServerChaosResult): string {
  const window = spreadOf([...windowsMs])
  return [
    table("Run", [
      ["seed", options.seed],
      ["servers at a time", options.servers],
      ["machine", `${availableParallelism()} cores, Node.js ${process.versions.node}, ${type()} ${machine()}`],
      ["minutes", (durationMs / 60_000).toFixed(1)],
      ["killed (SIGKILL)", counts.killed],
      ["ended in order (SIGINT, SIGTERM; exit code 0)", counts.ended],
      ["ended by SIGINT or SIGTERM before it heard signals: as killed", counts.endedWhileStarting],
      ["of all these, while a renewal was under way", counts.inRenewal],
    ]),
    table("Tokens", [
      ["refresh tokens rotated by the issuer", counts.rotations],
      ["access tokens handed out", counts.handedOut],
      ["sign-ins", counts.signIns],
    ]),
    table("Refresh tokens on disk that the issuer does not take any more", [
      [
        "killed after the issuer had rotated, before the answer was written: the window that no client can close",
        counts.windows,
      ],
      ["of these families revoked, since the spent one was tried once more", counts.familiesRevoked],
      ["**any other** (must be 0)", violations.length],
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
