import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { ROOT } from "./documents.js"

test.each(["README.md", "packages/evertoken/README.md"])("%s says what each sub-path is for", async (path) => {
  const { exports } = JSON.parse(await readFile(join(ROOT, "packages/evertoken/package.json"), "utf8")) as {
    exports: object
  }
  const page = await readFile(join(ROOT, path), "utf8")
  const told = page.split("\n").flatMap((line) => /^\| (`evertoken.*?) +\|/.exec(line)?.[1]?.split(", ") ?? [])
  const names = told.map((cell) =>
    cell
      .replaceAll("`", "")
      .replace(/^evertoken/, ".")
      .replace(/^\/(?=\w+$)/, "./adapters/"),
  )
  expect([...names].sort()).toEqual(
    Object.keys(exports)
      .filter((name) => name !== "./package.json")
      .sort(),
  )
})
