import { execFile } from "node:child_process"
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { loadedPackages } from "../../packaging/loaded-packages.js"
import { PEERS_DIRECTORY } from "../../torture/peers.js"
import { bytes, spread, time } from "../figures.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { spreadOf } from "../statistics.js"
import { EVERTOKEN, FLOOR, shownName, type Subject } from "../subject.js"

const WORKSPACE = fileURLToPath(new URL("../../../", import.meta.url))
const LIBRARY = join(WORKSPACE, "packages/evertoken")

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, unknown>>
}

interface Imported {
  readonly shown: string
  readonly specifier: string
  readonly directory: string
  readonly subject: Subject | undefined
  /** The packages of which something is loaded. */
  loads: readonly string[]
  readonly milliseconds: number[]
}

export const imports: Measurement = {
  name: "imports",
  about: "time to import each entry point, and each peer; bytes that are packed, and that are installed",
  run,
}

async function run(setting: Setting): Promise<Findings> {
  const all = [...entryPoints(), ...setting.subjects.flatMap(peerPackage)]
  const nothing: number[] = []
  const rounds = setting.quick ? 1 : 15
  for (let round = 1; round <= rounds; round++) {
    nothing.push(await importMs(undefined, WORKSPACE))
    for (const one of all) one.milliseconds.push(await importMs(one.specifier, one.directory))
    setting.tell(`imports: round ${round} of ${rounds}`)
  }
  const shownTime = ({ milliseconds }: Imported) => spread(spreadOf(nanoseconds(milliseconds, nothing)), time)
  for (const one of all.filter(({ specifier }) => specifier.startsWith("evertoken"))) {
    const loaded = await loadedPackages(`await import(${JSON.stringify(one.specifier)}); process.exit()`)
    one.loads = [...loaded].filter((name) => name !== "evertoken").sort()
  }
  const median = (one: Imported) => spreadOf(nanoseconds(one.milliseconds, nothing)).median
  const packed = await packedSizes()
  const whole = installedBytes(EVERTOKEN.package, LIBRARY, { own: packed.unpacked })
  const installed = ({ subject }: Imported) =>
    subject === undefined || subject === EVERTOKEN ? whole : installedBytes(subject.package, PEERS_DIRECTORY)
  const ofSubjects = all.filter(({ subject }) => subject !== undefined)
  const cellsBy = (cell: (one: Imported) => string) =>
    new Map(ofSubjects.map((one) => [one.subject?.name ?? "", cell(one)]))
  return {
    columns: [
      { title: "import", cells: cellsBy((one) => time(median(one))) },
      { title: "installed", cells: cellsBy((one) => bytes(installed(one))) },
    ],
    tables: [
      {
        title: "Importing",
        about: `In a new process each, less what importing nothing takes. Installed: the package and all that it
depends on, but for what the user brings (axios, a client of Redis). Loads: the packages of which it loads something, besides
its own. evertoken's package: ${bytes(packed.packed)} packed, ${bytes(packed.unpacked)} unpacked, types and sources with it.`,
        head: ["", "import", "installed", "loads"],
        rows: all.map((one) => [one.shown, shownTime(one), bytes(installed(one)), one.loads.join(", ")]),
      },
    ],
  }
}

function nanoseconds(milliseconds: readonly number[], nothing: readonly number[]): readonly number[] {
  return milliseconds.map((ms, round) => (ms - (nothing[round] ?? 0)) * 1e6)
}

/** All of the library's that can be imported; those of optional peers come without what they need. */
function entryPoints(): readonly Imported[] {
  const names = Object.keys(manifestOf(LIBRARY).exports ?? {}).filter((name) => name !== "./package.json")
  return names.map((name) => {
    const specifier = `evertoken${name.slice(1)}`
    const subject = name === "." ? EVERTOKEN : undefined
    return {
      shown: `\`${specifier}\``,
      specifier,
      directory: join(WORKSPACE, "test"),
      subject,
      loads: [],
      milliseconds: [],
    }
  })
}

function peerPackage(subject: Subject): readonly Imported[] {
  if (subject === FLOOR || subject === EVERTOKEN) return []
  const { package: specifier } = subject
  return [{ shown: shownName(subject), specifier, directory: PEERS_DIRECTORY, subject, loads: [], milliseconds: [] }]
}

/** What a new process takes to import it; undefined: nothing. */
async function importMs(specifier: string | undefined, directory: string): Promise<number> {
  const imported = specifier ?? "data:text/javascript,"
  const program = `const begun = performance.now(); await import(${JSON.stringify(imported)}); console.log(performance.now() - begun); process.exit()`
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: directory,
    env: { ...process.env, NODE_OPTIONS: "" },
  })
  return Number(stdout)
}

/** Of the library's package, in bytes. */
async function packedSizes(): Promise<{ readonly packed: number; readonly unpacked: number }> {
  const { stdout } = await promisify(execFile)("npm pack --dry-run --json --ignore-scripts", {
    cwd: LIBRARY,
    shell: true,
  })
  const [{ size, unpackedSize } = { size: NaN, unpackedSize: NaN }] = JSON.parse(stdout) as {
    readonly size: number
    readonly unpackedSize: number
  }[]
  return { packed: size, unpacked: unpackedSize }
}

/** The size of a package and of all that it depends on. */
function installedBytes(name: string, from: string, { own }: { readonly own?: number } = {}): number {
  const seen = new Set<string>()
  const add = (directory: string | undefined): number => {
    if (directory === undefined || seen.has(directory)) return 0
    seen.add(directory)
    const dependencies = Object.keys(manifestOf(directory).dependencies ?? {})
    const size = directory === from && own !== undefined ? own : bytesOf(directory)
    return dependencies.reduce((sum, dependency) => sum + add(packageDirectory(dependency, directory)), size)
  }
  return add(own === undefined ? packageDirectory(name, from) : from)
}

/** As Node.js finds it: in the nearest `node_modules`. */
function packageDirectory(name: string, from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const found = join(directory, "node_modules", name)
    if (existsSync(join(found, "package.json"))) return found
    if (directory === dirname(directory)) return undefined
  }
}

/** Without the packages that lie within it: they count as dependencies. */
function bytesOf(directory: string): number {
  const sizes = readdirSync(directory)
    .filter((name) => name !== "node_modules")
    .map((name) => {
      const path = join(directory, name)
      const entry = lstatSync(path)
      return entry.isDirectory() ? bytesOf(path) : entry.size
    })
  return sizes.reduce((sum, size) => sum + size, 0)
}

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest
}
