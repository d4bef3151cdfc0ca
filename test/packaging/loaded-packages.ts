import { execFile } from "node:child_process"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

interface CoverageReport {
  readonly result: readonly { readonly url: string }[]
}

/**
 * The npm packages of which a process has loaded at least one file, once it has run `program` (an ES module's text).
 * V8 itself keeps the list: unlike a loader hook, it sees what CommonJS modules require of each other.
 */
export async function loadedPackages(program: string): Promise<Set<string>> {
  const directory = await mkdtemp(path.join(tmpdir(), "evertoken-loaded-"))
  try {
    await run(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: import.meta.dirname,
      env: { ...process.env, NODE_OPTIONS: "", NODE_V8_COVERAGE: directory },
    })
    const reports = await Promise.all((await readdir(directory)).map((file) => readReport(path.join(directory, file))))
    const urls = reports.flatMap(({ result }) => result.map(({ url }) => url))
    return new Set(urls.map(packageOf).filter((name) => name !== undefined))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function readReport(file: string): Promise<CoverageReport> {
  return JSON.parse(await readFile(file, "utf8")) as CoverageReport
}

function packageOf(url: string): string | undefined {
  if (!url.startsWith("file:")) return undefined
  if (url.includes("/packages/evertoken/dist/")) return "evertoken"
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
}
