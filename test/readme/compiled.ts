import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { ROOT, snippetsOf, type Page, type Snippet } from "./documents.js"

const run = promisify(execFile)
const TSC = join(ROOT, "node_modules/typescript/bin/tsc")
const FRAMEWORKS = fileURLToPath(new URL("frameworks.d.ts", import.meta.url))

/** A folder whose packages a program finds. */
export type Home = "test" | "test/adapters" | "test/peers"

/** A program of a page: a snippet, and those below it that go on with it. */
export interface PrintedProgram {
  readonly page: string
  readonly line: number
  /** Its lines, each in the line that it has in the page. */
  readonly text: string
}

/** The programs of a page. A snippet that imports nothing but types goes on with the one above. */
export function programsOf(page: Page): readonly PrintedProgram[] {
  const programs: PrintedProgram[] = []
  for (const snippet of snippetsOf(page, "ts")) {
    const goesOn = !/^import (?!type )/m.test(snippet.text)
    const above = goesOn ? programs.pop() : undefined
    const text = inItsPlace(above?.text ?? "", snippet)
    programs.push({ page: page.path, line: above?.line ?? snippet.line, text })
  }
  return programs
}

function inItsPlace(above: string, { line, text }: Snippet): string {
  return above + "\n".repeat(line - above.split("\n").length) + text
}

/** The folder that has all packages which a program imports. */
export async function homeOf({ page, line, text }: PrintedProgram): Promise<Home> {
  const names = [...text.matchAll(/from "((?:@[^/"]+\/)?[^/".:]+)(?:\/[^"]*)?"/g)].map(([, name = ""]) => name)
  for (const [home, packageFiles] of PACKAGE_FILES) {
    const known = (await Promise.all(packageFiles.map(dependenciesIn))).flat()
    if (names.every((name) => known.includes(name))) return home
  }
  throw new Error(`${page}:${line}: no folder of tests has all of ${names.join(", ")}`)
}

const PACKAGE_FILES: readonly (readonly [Home, readonly string[]])[] = [
  ["test", ["test", "examples", "packages/evertoken", "packages/server", "packages/session"]],
  ["test/adapters", ["test/adapters"]],
  ["test/peers", ["test/peers"]],
]
// what every folder finds, and what `frameworks.d.ts` declares
const EVERYWHERE = ["evertoken", "@evertoken/session", "rxjs", "undici", "vitest", "next", "pg"]

async function dependenciesIn(folder: string): Promise<readonly string[]> {
  type PackageFile = Partial<Record<"dependencies" | "devDependencies", Record<string, string>>>
  const file = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as PackageFile
  return [...EVERYWHERE, ...Object.keys({ ...file.dependencies, ...file.devDependencies })]
}

/** Compiles them all in one program, as strictly as a user may, and tells what the compiler says, by page and line. */
export async function problemsOf(programs: readonly PrintedProgram[], home: Home): Promise<readonly string[]> {
  return inDirectory(async (directory) => {
    const files = programs.map(({ page, line }) => join(directory, `${page.replaceAll("/", "∕")}.${line}.mts`))
    await Promise.all(programs.map(({ text }, i) => writeFile(files[i] ?? "", text)))
    await Promise.all(programs.map(({ text }) => writeNamed(directory, text)))
    // what has no types of its own is the peers' alone
    const lenient = home === "test/peers" ? ["--noImplicitAny", "false", "--skipLibCheck"] : []
    const strict = ["--strict", "--exactOptionalPropertyTypes", ...lenient]
    const options = ["--ignoreConfig", "--noEmit", ...strict, "--module", "nodenext", "--types", "node"]
    const told = await compilerSays([...options, FRAMEWORKS, ...files], directory)
    return told
      .split("\n")
      .filter((line) => line !== "")
      .map(inPage)
  }, home)
}

/** A program whose first line is the name of its file is imported by others under that name. */
async function writeNamed(directory: string, text: string): Promise<void> {
  const [, name] = /^\s*\/\/ (\S+\.ts)\n/.exec(text) ?? []
  if (name !== undefined) await writeFile(join(directory, name), text)
}

async function compilerSays(args: readonly string[], cwd: string): Promise<string> {
  try {
    await run(process.execPath, [TSC, ...args], { cwd })
    return ""
  } catch (failure) {
    if (failure instanceof Error && "stdout" in failure) return String(failure.stdout)
    throw failure
  }
}

function inPage(told: string): string {
  const [, page, line, what] = /^(.*?)\.\d+\.mts\((\d+),.*?\): (.*)$/.exec(told) ?? []
  return page === undefined ? told : `${basename(page).replaceAll("∕", "/")}:${line}: ${what}`
}

/** Runs `use` in a directory in which programs find the packages of `home`. */
export async function inDirectory<T>(use: (directory: string) => Promise<T>, home: Home = "test"): Promise<T> {
  const cache = join(ROOT, home, "node_modules/.cache")
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, "readme-"))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
