import { chown, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
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
  await expect(findConfig({ env, cwd })).rejects.toThrow(
    new ConfigError(join(cwd, "evertoken.yaml"), [
      {
        field: "",
        message: `is not there, nor is ${join(directory, ".config/evertoken/evertoken.yaml")} or /etc/evertoken/evertoken.yaml: \`evertoken init\` writes one, or give --config`,
      },
    ]),
  )
  const ofUser = await emptyFile(".config", "evertoken")
  await expect(findConfig({ env, cwd })).resolves.toBe(ofUser)
  const ofXdg = await emptyFile("xdg", "evertoken")
  await expect(findConfig({ env: { ...env, XDG_CONFIG_HOME: join(directory, "xdg") }, cwd })).resolves.toBe(ofXdg)
  const here = await emptyFile("cwd")
  await expect(findConfig({ env, cwd })).resolves.toBe(here)
  await expect(findConfig({ env: { ...env, EVERTOKEN_CONFIG: "other.yaml" }, cwd })).resolves.toBe(
    join(cwd, "other.yaml"),
  )
})

test("a file that cannot be looked at is not passed over", async () => {
  const file = await emptyFile("plain")
  await expect(findConfig({ env: { HOME: directory }, cwd: file })).resolves.toBe(join(file, "evertoken.yaml"))
})

test("in a directory that somebody else has chosen, what lies there is passed over", async () => {
  const here = await emptyFile("repository")
  const ofUser = await emptyFile("xdg-of-user", "evertoken")
  const options = { env: { XDG_CONFIG_HOME: join(directory, "xdg-of-user") }, cwd: join(here, "..") }
  await expect(findConfig({ ...options, isForeign: true })).resolves.toBe(ofUser)
  await expect(findConfig(options)).resolves.toBe(here)
})

test.skipIf(process.geteuid?.() !== 0)("what another user has put into this directory is refused", async () => {
  const here = await emptyFile("shared")
  await chown(here, 12_345, 12_345)
  const found = findConfig({ env: { HOME: directory }, cwd: join(here, "..") })
  await expect(found).rejects.toThrow("belongs to another user")
})
