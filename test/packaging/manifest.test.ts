import { readFileSync } from "node:fs"
import path from "node:path"
import { describe, expect, it } from "vitest"

const packages = path.resolve(import.meta.dirname, "../../packages")

interface Manifest {
  readonly version: string
  readonly keywords: readonly string[]
  readonly exports: Record<string, unknown>
  readonly dependencies: Record<string, string>
}

const manifestOf = (name: string) =>
  JSON.parse(readFileSync(path.join(packages, name, "package.json"), "utf8")) as Manifest

describe.each(["evertoken", "session", "server"])("the package.json of packages/%s", (name) => {
  const manifest = manifestOf(name)

  it("is ready to be published, with a statement of where it was built", () => {
    expect(manifest).toMatchObject({
      license: "MIT",
      type: "module",
      engines: { node: ">=20.18.1" },
      sideEffects: false,
      publishConfig: { access: "public", provenance: true },
    })
    expect(manifest).not.toHaveProperty("private")
    expect(manifest.keywords.length).toBeGreaterThan(3)
  })

  it("names the types of each entry point first", () => {
    const entryPoints = Object.values(manifest.exports).filter((target) => typeof target !== "string")
    expect(entryPoints.length).toBeGreaterThan(0)
    for (const target of entryPoints) expect(Object.keys(target ?? {})).toEqual(["types", "default"])
  })

  it("asks for this version of evertoken, or a newer one that is compatible", () => {
    expect([undefined, `^${manifestOf("evertoken").version}`]).toContain(manifest.dependencies["evertoken"])
  })

  it("has its version in the changelog", () => {
    const changelog = readFileSync(path.join(packages, name, "CHANGELOG.md"), "utf8")
    expect(changelog).toContain(`\n## ${manifest.version}\n`)
  })
})
