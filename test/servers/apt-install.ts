import { execFileSync } from "node:child_process"
import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"

/** Where a program is, of those that can be run by name. */
export function findProgram(name: string, directories = (process.env["PATH"] ?? "").split(delimiter)) {
  return directories.map((directory) => join(directory, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Installs a server of the distribution's, where that is possible; what comes with it is not started.
 * @returns whether it was installed
 */
export function aptInstall(name: string): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false
  // files of tests run side by side, and each may want something installed
  const install = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", name]
  // a bare machine does not know yet what there is
  return withoutServices(() => aptGet(install) || (aptGet(["update"]) && aptGet(install)))
}

function aptGet(args: readonly string[]): boolean {
  try {
    execFileSync("apt-get", args, { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

const POLICY = "/usr/sbin/policy-rc.d"

function withoutServices<T>(action: () => T): T {
  if (existsSync(POLICY)) return action()
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 })
  try {
    return action()
  } finally {
    rmSync(POLICY, { force: true })
  }
}

/** A program that is too large to be installed for whoever runs the tests: in CI it is, elsewhere it is used if it is there. */
export function programInCi(name: string, debianPackage = name): string | undefined {
  const isWanted = process.env["CI"] === "true" && findProgram(name) === undefined
  if (isWanted && !aptInstall(debianPackage)) console.warn(`not tested: ${debianPackage} cannot be installed`)
  return findProgram(name)
}

/** @throws Error in CI: there nothing is skipped that can be had. */
export function skipped(message: string): undefined {
  if (process.env["CI"] === "true") throw new Error(message)
  console.warn(`skipped: ${message}`)
  return undefined
}
