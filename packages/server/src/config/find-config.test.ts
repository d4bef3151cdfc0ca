import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ConfigError } from "./config-error.js"
import { findConfig } from "./find-config.js"

let directory = ""
beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "evertoken-find-")))
})
afterAll(() => rm(directory, { recursive: true }))

async function emptyFile(...path: string[]): Promise<string> {
  const folder = join(directory, ...path)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "evertoken.yaml"), "")
  return join(folder, "evertoken.yaml")
}

test("the nearest file is taken: of the variable, this directory, the user", async () => {
  const env = { HOME: directory }
  const cwd = join(directory, "cwd")
  await expect(findConfig(env, cwd)).rejects.toThrow(
    new ConfigError(join(cwd, "evertoken.yaml"), [
      {
        field: "",
        message: `is not there, nor is ${join(directory, ".config/evertoken/evertoken.yaml")} or /etc/evertoken/evertoken.yaml: \`evertoken init\` writes one, or give --config`,
      },
    ]),
  )
  const ofUser = await emptyFile(".config", "evertoken")
  await expect(findConfig(env, cwd)).resolves.toBe(ofUser)
  const ofXdg = await emptyFile("xdg", "evertoken")
  await expect(findConfig({ ...env, XDG_CONFIG_HOME: join(directory, "xdg") }, cwd)).resolves.toBe(ofXdg)
  const here = await emptyFile("cwd")
  await expect(findConfig(env, cwd)).resolves.toBe(here)
  await expect(findConfig({ ...env, EVERTOKEN_CONFIG: "other.yaml" }, cwd)).resolves.toBe(join(cwd, "other.yaml"))
})

test("a file that cannot be looked at is not passed over", async () => {
  const file = await emptyFile("plain")
  await expect(findConfig({ HOME: directory }, file)).resolves.toBe(join(file, "evertoken.yaml"))
})
