import { execFileSync } from "node:child_process"
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { chromium, type BrowserContext } from "playwright-core"

const NAMES = ["chromium", "chromium-browser", "google-chrome"]

/**
 * Where the distribution's Chromium is. Where it is missing and can be installed, it is.
 * @returns undefined if there is none, which one line tells
 * @throws Error in CI: there it must not be skipped
 */
export function provideChromium(): string | undefined {
  const found = findChromium() ?? (installChromium() ? findChromium() : undefined)
  if (found !== undefined) return found
  const message = "no Chromium: the sign-in is not tested in a browser (apt-get install chromium)"
  if (process.env["CI"] === "true") throw new Error(message)
  console.warn(`skipped: ${message}`)
  return undefined
}

function findChromium(): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(delimiter)
  return directories.flatMap((directory) => NAMES.map((name) => join(directory, name))).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function installChromium(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false
  const install = ["install", "-y", "--no-install-recommends", "chromium"]
  // a bare machine does not know yet what there is
  return aptGet(install) || (aptGet(["update"]) && aptGet(install))
}

function aptGet(args: readonly string[]): boolean {
  try {
    execFileSync("apt-get", args, { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext
}

/** A browser with a profile of its own, which reaches this machine only. */
export async function openChromium(executablePath: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "evertoken-chromium-"))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  })
  const close = async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  return { context, [Symbol.asyncDispose]: close }
}
