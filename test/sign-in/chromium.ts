import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium, type BrowserContext } from "playwright-core"
import { aptInstall, findProgram, skipped } from "../servers/apt-install.js"

const NAMES = ["chromium", "chromium-browser", "google-chrome"]

/**
 * Where the distribution's Chromium is. Where it is missing and can be installed, it is.
 * @returns undefined if there is none, which one line tells
 * @throws Error in CI: there it must not be skipped
 */
export function provideChromium(): string | undefined {
  const found = findChromium() ?? (aptInstall("chromium") ? findChromium() : undefined)
  return found ?? void skipped("no Chromium: the sign-in is not tested in a browser (apt-get install chromium)")
}

function findChromium(): string | undefined {
  return NAMES.map((name) => findProgram(name)).find((program) => program !== undefined)
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
