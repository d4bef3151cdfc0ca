import { execFile } from "node:child_process"
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)
const TSC = path.resolve(import.meta.dirname, "../../node_modules/typescript/bin/tsc")

/** An application that was empty, and has installed packages. */
export class Project {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  /** @param packages What `npm install` takes: tarballs, names. */
  static async create(packages: readonly string[]): Promise<Project> {
    const directory = await mkdtemp(path.join(tmpdir(), "evertoken-project-"))
    await cp(path.join(import.meta.dirname, "programs"), directory, { recursive: true })
    await writeFile(path.join(directory, "package.json"), `{ "private": true }\n`)
    const options = "--prefer-offline --ignore-scripts --no-audit --no-fund"
    const quoted = packages.map((name) => `"${name}"`).join(" ")
    // npm is a .cmd file on Windows, so a shell starts it.
    await run(`npm install ${options} ${quoted}`, { cwd: directory, shell: true })
    return new Project(directory)
  }

  /** What can be imported of one of its packages. */
  async entryPoints(name: string): Promise<string[]> {
    const file = path.join(this.directory, "node_modules", name, "package.json")
    const { exports } = JSON.parse(await readFile(file, "utf8")) as { readonly exports: Record<string, unknown> }
    return Object.keys(exports)
      .filter((entry) => !entry.endsWith(".json"))
      .map((entry) => name + entry.slice(1))
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(path.join(this.directory, file), text)
  }

  /** What a program, given with its arguments, prints. Rejects with what it printed to stderr, if it fails. */
  async run(command: string, node = process.execPath): Promise<string> {
    const { stdout, stderr } = await run(node, command.split(" "), {
      cwd: this.directory,
      env: { ...process.env, NODE_OPTIONS: "" },
    })
    return stdout + stderr
  }

  /** What a strict compiler, which looks at the types of the packages too, has to say. */
  async compile(file: string, options: string): Promise<string> {
    const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"]
    const all = [TSC, "--ignoreConfig", ...strict, "--target", "es2022", "--types", "node", ...options.split(" "), file]
    const { stdout } = await run(process.execPath, all, { cwd: this.directory }).catch(
      (error: unknown) => error as { readonly stdout: string },
    )
    return stdout
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true })
  }
}
