import { execFileSync } from "node:child_process"
import { accessSync, constants, readFileSync } from "node:fs"
import path from "node:path"
import { expect, it } from "vitest"

const directory = path.resolve(import.meta.dirname, "../../packages/server")

it("npm finds the command before there is a build: in a fresh clone it links what is there, and nothing later", () => {
  const { bin, version } = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as {
    readonly bin: { readonly evertoken: string }
    readonly version: string
  }
  const tracked = execFileSync("git", ["ls-files", bin.evertoken], { cwd: directory, encoding: "utf8" })
  expect(tracked.trim()).toBe(path.posix.normalize(bin.evertoken))
  const command = path.join(directory, bin.evertoken)
  accessSync(command, constants.X_OK)
  expect(execFileSync(process.execPath, [command, "--version"], { encoding: "utf8" })).toBe(`${version}\n`)
})
