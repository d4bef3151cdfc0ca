import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import path from "node:path"
import { describe, expect, it } from "vitest"

const directory = path.resolve(import.meta.dirname, "../../packages/evertoken")

interface Manifest {
  readonly version: string
  readonly exports: Record<string, string | Record<string, string>>
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as Manifest
}

function packedFiles(): string[] {
  // npm is a .cmd file on Windows, so a shell starts it.
  const output = execFileSync("npm pack --dry-run --json --ignore-scripts", {
    cwd: directory,
    shell: true,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  const [packed] = JSON.parse(output) as [{ readonly files: readonly { readonly path: string }[] }]
  return packed.files.map((file) => file.path)
}

describe("the package as it is published", () => {
  const files = packedFiles()

  it("contains every file that its exports name", () => {
    const targets = Object.values(readManifest().exports).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    )
    expect(targets.length).toBeGreaterThan(5)
    for (const target of targets) expect(files).toContain(target.replace("./", ""))
  })

  it("contains its licence, readme and changelog", () => {
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md"]))
  })

  it("contains no tests, reports or build state", () => {
    expect(files.filter((file) => /\.test\.|tsbuildinfo|reports\/|coverage\/|vitest|stryker/.test(file))).toEqual([])
  })

  it("contains the source that its source maps point to", () => {
    expect(files).toContain("src/index.ts")
  })

  it("has its version in the changelog", () => {
    const changelog = readFileSync(path.join(directory, "CHANGELOG.md"), "utf8")
    expect(changelog).toContain(`[${readManifest().version}]`)
  })
})
