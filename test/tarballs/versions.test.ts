import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { promisify } from "node:util"
import { afterEach, beforeEach, expect, it } from "vitest"

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, "../..")
const CHANGESET = path.join(root, "scripts/release/node_modules/@changesets/cli/bin.js")
const NAMES = ["evertoken", "session", "server"]

interface Manifest {
  readonly version: string
  readonly dependencies: Record<string, string>
}

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "evertoken-versions-"))
  const folders = [".", ...NAMES.map((name) => `packages/${name}`), "examples", "test"]
  for (const folder of folders) {
    await mkdir(path.join(directory, folder), { recursive: true })
    for (const file of ["package.json", "CHANGELOG.md"]) {
      if (file === "package.json" || folder !== ".") await copy(path.join(folder, file))
    }
  }
  for (const file of ["package-lock.json", ".prettierrc.json", ".changeset/config.json", ".changeset/changelog.cjs"]) {
    await copy(file)
  }
  await run("git", ["init", "--quiet", "--initial-branch", "main"], { cwd: directory })
})

afterEach(() => rm(directory, { recursive: true, force: true }))

/** What there is none of is not copied. */
const copy = (file: string) =>
  cp(path.join(root, file), path.join(directory, file)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  })

const manifestOf = async (name: string) =>
  JSON.parse(await readFile(path.join(directory, "packages", name, "package.json"), "utf8")) as Manifest

const changelogOf = (name: string) => readFile(path.join(directory, "packages", name, "CHANGELOG.md"), "utf8")

it("a change of one package raises the version of all three, and is told in its changelog", async () => {
  const before = (await manifestOf("evertoken")).version
  const [major, minor] = before.split(".").map(Number) as [number, number]
  const next = `${major}.${minor + 1}.0`
  const change = '---\n"@evertoken/session": minor\n---\n\nA cookie may be `Partitioned`.\n'
  await writeFile(path.join(directory, ".changeset/a-change.md"), change)

  await run(process.execPath, [CHANGESET, "version"], { cwd: directory })

  for (const name of NAMES) expect((await manifestOf(name)).version).toBe(next)
  expect((await manifestOf("session")).dependencies["evertoken"]).toBe(`^${next}`)
  const changelog = await changelogOf("session")
  expect(changelog).toMatch(
    /^# Changelog\n\n## \d+\.\d+\.\d+\n\n### Minor Changes\n\n- A cookie may be `Partitioned`\.\n\n## /,
  )
  expect(changelog).toContain(`\n## ${next}\n`)
  expect(await changelogOf("evertoken")).toMatch(new RegExp(`^# Changelog\n\n## ${next}\n\n## ${before}\n`))
})
