import { execFile } from "node:child_process"
import { chmod, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { fileURLToPath } from "node:url"
import { afterEach, expect, test, vi } from "vitest"
import { commandUnderTest } from "../testing/command-under-test.js"
import { runUnderTest } from "../testing/terminal-under-test.js"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))

afterEach(() => void vi.unstubAllEnvs())

async function completed(...words: string[]): Promise<string[]> {
  const { code, out, err } = await runUnderTest(["__complete", "--", ...words])
  expect([code, err]).toEqual([0, ""])
  return out.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0] ?? ""]))
}

test("commands, their aliases and options are completed, and what is for shells only is not", async () => {
  expect(await completed("")).toEqual(expect.arrayContaining(["serve", "get", "status", "completion"]))
  expect(await completed("re")).toEqual(["refresh", "revoke"])
  expect(await completed("_")).toEqual([])
  expect(await completed("--v")).toEqual(["--version", "--verbose"])
  expect(await completed("get", "--")).toEqual(["--config", "--json", "--header", "--curl", "--min-validity", "--help"])
  expect(await completed("status", "--w")).toEqual(["--watch"])
  expect(await completed("completion", "")).toEqual(["bash", "zsh", "fish"])
  expect(await completed("nonsense", "")).toEqual([])
})

test("names of tokens are those of the configuration that is meant", async () => {
  await using at = await commandUnderTest(false)
  const { file } = at.place
  expect(await completed("get", "--config", file, "")).toEqual(["billing", "mail"])
  expect(await completed("get", `--config=${file}`, "m")).toEqual(["mail"])
  expect(await completed("get", "--config", file, "mail", "")).toEqual([])
  expect(await completed("exec", "--config", file, "mail", "")).toEqual(["billing", "mail"])
  expect(await completed("exec", "--config", file, "mail", "--", "")).toEqual([])
  expect(await completed("git-credential", "--config", file, "mail", "")).toEqual(["get", "store", "erase"])
  // the value of an option is for the shell to complete
  expect(await completed("get", "--config", "")).toEqual([])
  vi.stubEnv("EVERTOKEN_CONFIG", file)
  expect(await completed("refresh", "")).toEqual(["billing", "mail"])
  await writeFile(file, "tokens: [")
  expect(await completed("refresh", "")).toEqual([])
  expect(at.issuer.asked).toBe(0)
})

test("each shell has its script, and another one is exit code 2", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    expect((await runUnderTest(["completion", shell])).out).toContain("evertoken __complete -- ")
  }
  expect((await runUnderTest(["completion", "csh"])).code).toBe(2)
})

test("bash itself completes with it", async () => {
  await using at = await commandUnderTest(false)
  const command = join(at.place.directory, "evertoken")
  await writeFile(command, `#!/bin/sh\nexec ${process.execPath} --import tsx ${MAIN} "$@"\n`)
  await chmod(command, 0o700)
  const script = `eval "$(evertoken completion bash)"
    COMP_WORDS=(evertoken get --config '${at.place.file}' bi) COMP_CWORD=4
    _evertoken; printf '<%s>' "\${COMPREPLY[@]}"`
  const env = { ...process.env, PATH: `${at.place.directory}:${process.env["PATH"]}` }
  const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-c", script], { env })
  expect([stdout, stderr]).toEqual(["<billing>", ""])
}, 60_000)
