import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { promisify } from "node:util"
import type { TestProject } from "vitest/node"

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, "../..")

type Tarballs = Readonly<Record<"evertoken" | "session" | "server", string>>

declare module "vitest" {
  export interface ProvidedContext {
    tarballs: Tarballs
  }
}

async function pack(name: string, directory: string): Promise<string> {
  // npm is a .cmd file on Windows, so a shell starts it.
  const { stdout } = await run(`npm pack --json --ignore-scripts --pack-destination "${directory}"`, {
    cwd: path.join(root, "packages", name),
    shell: true,
  })
  const [packed] = JSON.parse(stdout) as [{ readonly filename: string }]
  return path.join(directory, packed.filename)
}

/** Packs the three packages into a directory. */
export async function packAll(directory: string): Promise<Tarballs> {
  const [evertoken, session, server] = await Promise.all([
    pack("evertoken", directory),
    pack("session", directory),
    pack("server", directory),
  ])
  return { evertoken, session, server }
}

/** Once for all tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(tmpdir(), "evertoken-tarballs-"))
  project.provide("tarballs", await packAll(directory))
  return () => rm(directory, { recursive: true, force: true })
}
