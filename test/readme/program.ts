import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL("../..", import.meta.url))
const TSC = join(ROOT, "node_modules/typescript/bin/tsc")

/** The program below a heading. */
export async function programOf(readme: string, heading: string): Promise<string> {
  const text = await readFile(join(ROOT, readme), "utf8")
  const [, section = ""] = text.split(new RegExp(`^#+ ${heading}\n`, "m"))
  const [, indent = "", program] = /^( *)```ts\n(.*?)```/ms.exec(section) ?? []
  if (program === undefined) throw new Error(`${readme} has no program below "${heading}"`)
  return program.replaceAll(new RegExp(`^${indent}`, "gm"), "")
}

/** Runs `use` in a directory in which programs find the packages, and those of `folder`. */
export async function inDirectory(use: (directory: string) => Promise<void>, folder = "test"): Promise<void> {
  const cache = join(ROOT, folder, "node_modules/.cache")
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, "readme-"))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Writes the program, and rejects if a strict compiler refuses it. */
export async function compile(directory: string, program: string): Promise<void> {
  await writeFile(join(directory, "program.mts"), program)
  const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes"]
  const options = ["--ignoreConfig", ...strict, "--module", "nodenext", "--types", "node"]
  await run(process.execPath, [TSC, ...options, join(directory, "program.mts")], { cwd: ROOT })
}
