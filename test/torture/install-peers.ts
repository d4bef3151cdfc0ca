import { spawnSync } from "node:child_process"
import { PEERS_DIRECTORY, versionOf, wantedVersions } from "./peers.js"

/** Installs the peers, from their own lock file, where one is missing or another version. A failure ends the tool. */
export function installPeers(): void {
  const isMissing = Object.entries(wantedVersions()).some(
    ([name, version]) => versionOf(name) !== version.replace(/^npm:.*@/, ""),
  )
  if (!isMissing) return
  console.error("installing the peers in test/peers …")
  const { status } = spawnSync("npm ci --ignore-scripts --no-audit --no-fund", {
    cwd: PEERS_DIRECTORY,
    shell: true,
    stdio: ["ignore", process.stderr, "inherit"],
  })
  if (status !== 0) process.exit(1)
}
