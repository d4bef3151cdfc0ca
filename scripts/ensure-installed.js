// Installs the packages of a folder that has a lock file of its own, outside the workspace: what only a few tests need, and
// nobody's `npm ci` shall pay for. Does nothing where they are as the lock file says.
//
//   node scripts/ensure-installed.js FOLDER...
import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

function ensureInstalled(folder) {
  const lock = join(folder, "package-lock.json")
  // the lock file as it was when its packages were installed
  const installed = join(folder, "node_modules", ".installed-lock.json")
  if (existsSync(installed) && readFileSync(lock).equals(readFileSync(installed))) return
  console.error(`installing the packages of ${folder} …`)
  // A shell, because npm is a .cmd file on Windows.
  const { status } = spawnSync("npm ci --ignore-scripts --prefer-offline --no-audit --no-fund", {
    cwd: folder,
    shell: true,
    stdio: ["ignore", 2, 2],
  })
  if (status !== 0) process.exit(1)
  copyFileSync(lock, installed)
}

for (const folder of process.argv.slice(2)) ensureInstalled(folder)
