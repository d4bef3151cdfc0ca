// Runs turbo with its telemetry off. Turbo reads that from the environment only, and npm scripts cannot set a variable
// in one way on every platform.
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"

const turbo = createRequire(import.meta.url).resolve("turbo/bin/turbo")
const { status } = spawnSync(process.execPath, [turbo, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
})
process.exitCode = status ?? 1
