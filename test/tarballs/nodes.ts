import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { promisify } from "node:util"
import { nodeBinary } from "./node-binary.js"
import { packAll } from "./pack.js"
import { Project } from "./project.js"

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, "../..")
const VITEST = path.join(root, "node_modules/vitest/vitest.mjs")
const RESULTS = path.join(root, "test/packaging/RESULTS.md")

const HELP = `The unit tests of the three packages, and a program with evertoken from its tarball, on several versions of Node.js.

  npm run test:nodes -- [VERSION...]     by default 20.18.1, and the newest of 22, 24 and 26

Installs each version from npm, tells each result as it comes, and prints the table in Markdown. A run of the default
versions also writes it to test/packaging/RESULTS.md.`

const VERSIONS = ["20.18.1", "22", "24", "26"]
const PACKAGES = ["evertoken", "session", "server"]
const PROGRAMS = [
  ["ES module", "module.mjs"],
  ["CommonJS, `import()`", "commonjs-import.cjs"],
  ["CommonJS, `require`", "commonjs.cjs"],
] as const

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** How the unit tests of a package did; what failed goes to stderr. */
async function unitTests(name: string, node: string): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "evertoken-nodes-"))
  const report = path.join(directory, "tests.json")
  // what starts `node` finds this one
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env["PATH"] ?? ""}` }
  const args = [VITEST, "run", "--reporter=json", `--outputFile=${report}`]
  try {
    const cwd = path.join(root, "packages", name)
    await run(node, args, { cwd, env, maxBuffer: 100_000_000 }).catch(() => undefined)
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      await readFile(report, "utf8"),
    ) as Report
    for (const file of testResults.filter(({ status }) => status === "failed")) {
      const failed = file.assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName)
      console.error(`✗ ${path.relative(root, file.name)} ${failed.join("; ")}`)
    }
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ""
    return `${numPassedTests} passed, ${numFailedTests} failed${skipped}`
  } catch {
    return "did not run"
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const endToEnd = async (project: Project, program: string, node: string): Promise<string> =>
  project.run(program, node).then(
    (printed) => (printed.startsWith('{"issued":2,') ? "ok" : "wrong"),
    (error: unknown) => /ERR_\w+/.exec(String(error))?.[0] ?? "failed",
  )

async function row(version: string, project: Project): Promise<readonly string[]> {
  const node = await nodeBinary(version)
  const { stdout } = await run(node, ["--version"])
  const cells = [stdout.trim().slice(1)]
  const tell = (what: string, cell: string) => {
    console.error(`Node.js ${cells[0] ?? ""}: ${what}: ${cell}`)
    cells.push(cell)
  }
  for (const [what, program] of PROGRAMS) tell(what, await endToEnd(project, program, node))
  for (const name of PACKAGES) tell(name, await unitTests(name, node))
  return cells
}

function markdown(rows: readonly (readonly string[])[]): string {
  const head = ["Node.js", ...PROGRAMS.map(([what]) => what), ...PACKAGES.map((name) => `\`packages/${name}\``)]
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`)
  return `${lines.join("\n")}\n`
}

function results(table: string): string {
  const date = new Date().toISOString().slice(0, 10)
  return `# Versions of Node.js

Written by \`npm run test:nodes\` on ${date} (${process.platform}, ${process.arch}). The first columns are a program with evertoken
from its tarball, end to end: an issuer, a file, a renewal, an API. \`ERR_REQUIRE_ESM\` is what Node.js says where it has no
\`require\` of ES modules. The others are the unit tests of each package.

${table}`
}

async function main(chosen: readonly string[]): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), "evertoken-tarballs-"))
  const { evertoken } = await packAll(directory)
  const project = await Project.create([evertoken])
  const rows: (readonly string[])[] = []
  try {
    for (const version of chosen.length === 0 ? VERSIONS : chosen) {
      rows.push(await row(version, project))
      // a run takes long: what it has is kept, should it be ended
      if (chosen.length === 0) await writeFile(RESULTS, results(markdown(rows)))
    }
  } finally {
    await project.remove()
    await rm(directory, { recursive: true, force: true })
  }
  console.log(markdown(rows))
  const failed = rows.flat().some((cell) => /[1-9]\d* failed|^(did not run|wrong|failed)$/.test(cell))
  process.exitCode = failed ? 1 : 0
}

const given = process.argv.slice(2)
if (given.includes("--help")) console.log(HELP)
else await main(given)
