import { execFile } from "node:child_process"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const HERE = dirname(fileURLToPath(import.meta.url))

/** Runs a tool as its npm script does. */
function run(tool: string, option: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const command = ["--import", "tsx", `${tool}.ts`, option]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: HERE }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr })
    })
  })
}

test.each([
  ["bench/takeover", ["--rounds"]],
  ["bench/fleet", ["--rounds", "--hosts", "--processes"]],
  ["chaos/main", ["--kills", "--workers", "--seed", "--keep"]],
  ["conformance/main", ["--scenarios", "--store", "--only", "--schema"]],
  ["fuzz/main", ["--inputs", "--seed", "--target"]],
  ["model/main", ["--suite", "--only", "--traces", "--list"]],
  ["soak/main", ["--minutes", "--seed"]],
])("%s tells what each of its options is for, and which one it does not have", async (tool, options) => {
  const [help, mistake] = await Promise.all([run(tool, "--help"), run(tool, "--no-such-option")])
  expect(help).toMatchObject({ code: 0, stderr: "" })
  for (const option of [...options, "--help"]) expect(help.stdout).toMatch(new RegExp(`^ +${option}\\b.* [a-z]+`, "m"))
  expect(mistake.code).toBe(2)
  expect(mistake.stdout + mistake.stderr).toMatch(/^Unknown option '--no-such-option'.*\n.*--help.*\n$/)
})
