import { spawnSync } from "node:child_process"
import { PEERS_DIRECTORY, versionOf, wantedVersions } from "./peers.js"

/** Installs the peers, from their own lock file, where one is missing or another version. A failure ends the tool. */
export function installPeers(): void {
  if (!providePeers()) process.exit(1)
}

/** The same, for a test. @returns whether they are there. */
export function providePeers(): boolean {
  const isMissing = Object.entries(wantedVersions()).some(
    ([name, version]) => versionOf(name) !== version.replace(/^npm:.*@/, ""),
  )
  if (!isMissing) return true
  console.error("installing the peers in test/peers …")
  const { status } = spawnSync("npm ci --ignore-scripts --no-audit --no-fund", {
    cwd: PEERS_DIRECTORY,
    shell: true,
    stdio: ["ignore", process.stderr, "inherit"],
  })
  return status === 0
}
