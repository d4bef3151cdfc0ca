import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import path from "node:path"
import { describe, expect, it } from "vitest"

const root = path.resolve(import.meta.dirname, "../..")

type Target = string | Record<string, string>

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Record<string, Target>
  readonly bin?: Record<string, string>
}

/** Sorted as in every locale. */
function packedFiles(directory: string): string[] {
  // npm is a .cmd file on Windows, so a shell starts it.
  const output = execFileSync("npm pack --dry-run --json --ignore-scripts", {
    cwd: directory,
    shell: true,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  const [packed] = JSON.parse(output) as [{ readonly files: readonly { readonly path: string }[] }]
  return packed.files.map((file) => file.path).sort()
}

/** A source file that is packed with all that it is compiled to is one line: `src/token.ts and its dist`. */
function list(files: readonly string[]): string {
  const left = new Set(files)
  for (const file of files) {
    const [, name] = /^src\/(.*)\.ts$/.exec(file) ?? []
    const compiled = ["js", "js.map", "d.ts", "d.ts.map"].map((suffix) => `dist/${name ?? ""}.${suffix}`)
    if (name === undefined || !compiled.every((one) => left.has(one))) continue
    for (const one of [file, ...compiled]) left.delete(one)
    left.add(`${file} and its dist`)
  }
  return `${[...left].sort().join("\n")}\n`
}

describe.each(["evertoken", "session", "server"])("packages/%s as it is published", (name) => {
  const directory = path.join(root, "packages", name)
  const files = packedFiles(directory)
  const manifest = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as Manifest

  it("holds the files that are listed, and no other", async () => {
    const update = "if it is meant: npm run test:integration -- packaging/packed-files --update"
    await expect(list(files), update).toMatchFileSnapshot(`packed-files/${name}.txt`)
  })

  it("holds every file that its exports and commands name", () => {
    const targets = Object.values({ ...manifest.exports, ...manifest.bin }).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    )
    expect(targets.length).toBeGreaterThan(3)
    for (const target of targets) expect(files).toContain(target.replace("./", ""))
  })

  it("holds its licence, readme and changelog", () => {
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md"]))
  })

  it("holds no tests, reports or build state", () => {
    expect(files.filter((file) => /\.test\.|tsbuildinfo|reports\/|coverage\/|vitest|stryker/.test(file))).toEqual([])
  })

  it("holds the source that its source maps point to", () => {
    const sources = files
      .filter((file) => file.startsWith("dist/") && file.endsWith(".map"))
      .flatMap((file) => {
        const { sources } = JSON.parse(readFileSync(path.join(directory, file), "utf8")) as {
          readonly sources: string[]
        }
        return sources.map((source) => path.posix.join(path.posix.dirname(file), source))
      })
    expect(sources.length).toBeGreaterThan(50)
    expect(sources.filter((source) => !files.includes(source))).toEqual([])
  })
})
