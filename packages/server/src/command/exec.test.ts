import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { expect, test, vi } from "vitest"
import { commandUnderTest } from "../testing/command-under-test.js"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))
const write = (file: string, expression: string) => [
  process.execPath,
  "-e",
  `require("fs").writeFileSync(${JSON.stringify(file)}, String(${expression}))`,
]

test("exec gives the token to the command alone, by the variable that was named", async () => {
  await using at = await commandUnderTest(true)
  const file = join(at.place.directory, "seen")
  const seen = () => readFile(file, "utf8")
  const exec = (args: readonly string[], command: readonly string[]) => at.run(["exec", ...args, "--", ...command])
  expect(await exec(["billing"], write(file, "process.env.ACCESS_TOKEN"))).toEqual({ code: 0, out: "", err: "" })
  expect(await seen()).toBe("canary-access-1")
  await exec(["--env", "GH_TOKEN", "billing"], write(file, "[process.env.GH_TOKEN, process.env.ACCESS_TOKEN]"))
  expect(await seen()).toBe("canary-access-1,")
  await at.run(["set", "mail"], "canary-mail")
  await exec(["billing=A", "mail=B"], write(file, "[process.env.A, process.env.B]"))
  expect(await seen()).toBe("canary-access-1,canary-mail")
  expect(process.env["ACCESS_TOKEN"]).toBeUndefined()
  // what looks like options of evertoken is the command's
  await exec(["billing"], [...write(file, "process.argv.slice(1)"), "--", "--env", "x"])
  expect(await seen()).toBe("--env,x")
})

test("exec exits as the command does, and with 127 or 126 where there is none", async () => {
  await using at = await commandUnderTest(false)
  const exec = (...command: string[]) => at.run(["exec", "billing", "--", ...command])
  expect((await exec("sh", "-c", "exit 7")).code).toBe(7)
  expect((await exec("sh", "-c", "kill -TERM $$")).code).toBe(143)
  expect(await exec("no-such-command-of-mine")).toEqual({
    code: 127,
    out: "",
    err: "evertoken: no-such-command-of-mine: there is no such command\n",
  })
  expect((await exec(at.place.file)).code).toBe(126)
})

test.each([
  { args: ["billing"], said: "there is no command" },
  { args: ["billing", "--"], said: "there is no command" },
  { args: ["--", "true"], said: "no token is named" },
  { args: ["billing", "mail", "--", "true"], said: "ACCESS_TOKEN is to hold two tokens" },
  { args: ["billing=1A", "--", "true"], said: "no name of an environment variable" },
])("exec $args is exit code 2, and nobody is asked for a token", async ({ args, said }) => {
  await using at = await commandUnderTest(false)
  const { code, err } = await at.run(["exec", ...args])
  expect([code, err]).toEqual([2, expect.stringContaining(said)])
  expect(at.issuer.asked).toBe(0)
})

test("what cannot be had leaves the command unrun", async () => {
  await using at = await commandUnderTest(false)
  const file = join(at.place.directory, "seen")
  const { code } = await at.run(["exec", "mail", "--", ...write(file, "1")])
  expect(code).toBe(4)
  await expect(readFile(file)).rejects.toThrow("ENOENT")
})

test("signals are passed on, and no process but the command's shows the token", async () => {
  await using at = await commandUnderTest(true)
  const script = `
    for (const signal of ["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGINT"]) process.on(signal, () => console.log(signal))
    process.on("SIGTERM", () => process.exit(9))
    setInterval(() => undefined, 1000)
    console.log("ready")`
  const args = ["exec", "billing", "--config", at.place.file, "--", process.execPath, "-e", script]
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] })
  const err = text(child.stderr)
  let out = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk))
  await vi.waitFor(() => expect(out).toContain("ready"), 20_000)
  if (process.platform === "linux") {
    const about = await Promise.all(
      ["cmdline", "environ"].map((what) => readFile(`/proc/${child.pid}/${what}`, "utf8")),
    )
    expect(about.join("")).not.toContain("canary")
  }
  for (const signal of ["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGINT"] as const) {
    child.kill(signal)
    await vi.waitFor(() => expect(out).toContain(signal), 20_000)
  }
  const exit = once(child, "exit")
  child.kill("SIGTERM")
  expect(await exit).toEqual([9, null])
  expect(await err).toBe("")
}, 60_000)
