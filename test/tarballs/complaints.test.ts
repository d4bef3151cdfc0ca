import { readFile } from "node:fs/promises"
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { describe, expect, inject, it } from "vitest"

/**
 * What is meant, and no mistake. The packages are ES modules: who requires one gets a module that his Node.js loads or refuses,
 * and TypeScript says so. `moduleResolution: node10` does not read `exports`, so it finds no sub-path.
 */
function isMeant(problem: Problem): boolean {
  if (problem.kind === "CJSResolvesToESM") return problem.resolutionKind === "node16-cjs"
  return problem.kind === "NoResolution" && problem.resolutionKind === "node10"
}

describe.each(Object.entries(inject("tarballs")))("the tarball of %s", (_, tarball) => {
  it("has nothing that publint suggests, warns of or refuses", async () => {
    const { buffer } = new Uint8Array(await readFile(tarball))
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, level: "suggestion", strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it("has types that are as its code is, for every way to resolve a module that reads exports", async () => {
    const checked = await checkPackage(createPackageFromTarballData(await readFile(tarball)))
    const problems = checked.types ? checked.problems : []
    expect(checked.types).toMatchObject({ kind: "included" })
    expect(problems.filter((problem) => !isMeant(problem))).toEqual([])
  })
})
