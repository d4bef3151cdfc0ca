import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"

const BIN = fileURLToPath(new URL("../bin", import.meta.url))

test("the command says what to do where it is not built", () => {
  const directory = mkdtempSync(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const bin = join(directory, "bin")
  cpSync(BIN, bin, { recursive: true })
  cpSync(fileURLToPath(new URL("../package.json", import.meta.url)), join(directory, "package.json"))
  const { status, stderr } = spawnSync(process.execPath, [join(bin, "evertoken.js"), "--help"], { encoding: "utf8" })
  expect([status, stderr]).toEqual([1, "evertoken is not built here: npm run build\n"])
})
