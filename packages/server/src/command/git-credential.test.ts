import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import { join } from "node:path"
import { promisify } from "node:util"
import { fileURLToPath, pathToFileURL } from "node:url"
import { systemClock, type Clock } from "evertoken"
import { describe, expect, test } from "vitest"
import { commandUnderTest } from "../testing/command-under-test.js"
import { GitHost } from "../testing/git-host.js"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))
const HTTPS = "protocol=https\nhost=git.example.com\n"
/** By which what is issued is minutes old at once. */
const slow: Clock = { ...systemClock, now: () => systemClock.now() - 5 * 60_000 }

function git(home: string, args: readonly string[]) {
  const env = { PATH: process.env["PATH"], HOME: home, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" }
  return promisify(execFile)("git", args, { env })
}

describe("as a credential helper of git", () => {
  test("get gives the token as the password, until when it lasts, and the name of the user that is asked for", async () => {
    await using at = await commandUnderTest(false)
    const { code, out, err } = await at.run(["git-credential", "billing", "get"], HTTPS)
    expect([code, err]).toEqual([0, ""])
    expect(out).toMatch(/^username=oauth2\npassword=canary-access-1\npassword_expiry_utc=\d{10}\n$/)
    expect((await at.run(["git-credential", "billing", "get"], `${HTTPS}username=me\n`)).out).toContain("username=me\n")
    const named = await at.run(["git-credential", "--username", "x", "billing", "get"], `${HTTPS}username=me\n`)
    expect(named.out).toContain("username=x\n")
  })

  test("a host that is not named gets nothing, and nobody is asked for a token", async () => {
    await using at = await commandUnderTest(false)
    const get = (host: string) =>
      at.run(
        ["git-credential", "--host", "git.example.com", "--host", "b:8443", "billing", "get"],
        `protocol=https\nhost=${host}`,
      )
    for (const host of ["evil.example.com", "git.example.com:444", "git.example.com.evil", ""]) {
      expect(await get(host)).toEqual({ code: 0, out: "", err: "" })
    }
    expect(at.issuer.asked).toBe(0)
    for (const host of ["GIT.example.com", "b:8443"]) expect((await get(host)).out).toContain("canary-access-1")
  })

  test("it is not given without TLS unless that is allowed, nor to what is no request of the web", async () => {
    await using at = await commandUnderTest(false)
    for (const input of ["protocol=http\nhost=git.example.com\n", "protocol=ssh\nhost=git.example.com\n", ""]) {
      const { code, out, err } = await at.run(["git-credential", "billing", "get"], input)
      expect([code, out, err]).toEqual([0, "", "evertoken: billing is given over https only\n"])
    }
    const allowed = await at.run(["git-credential", "--allow-http", "billing", "get"], "protocol=http\nhost=h\n")
    expect(allowed.out).toContain("canary-access-1")
  })

  test("a configuration that lies in a repository is not obeyed: it could have any secret sent anywhere", async () => {
    await using at = await commandUnderTest(false)
    const repository = at.place.directory
    const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href
    const helper = `!${process.execPath} --import ${loader} ${MAIN} git-credential billing`
    const env = { PATH: process.env["PATH"], HOME: join(repository, "home"), GIT_TERMINAL_PROMPT: "0" }
    const args = ["-c", `credential.helper=${helper}`, "credential", "fill"]
    const filled = promisify(execFile)("git", args, { cwd: repository, env })
    filled.child.stdin?.end(`${HTTPS}\n`)
    await expect(filled).rejects.toThrow("evertoken init")
    expect(at.issuer.asked).toBe(0)
  })

  test("store, and what git may ask for besides, changes nothing", async () => {
    await using at = await commandUnderTest(false)
    for (const operation of ["store", "capability"]) {
      const input = `${HTTPS}username=me\npassword=canary-theirs\n`
      expect(await at.run(["git-credential", "billing", operation], input)).toEqual({ code: 0, out: "", err: "" })
    }
    expect(at.issuer.asked).toBe(0)
  })

  test("a refused token is renewed if it is the one at hand and older than a minute", async () => {
    await using at = await commandUnderTest(true, slow)
    const erase = (password: string) => at.run(["git-credential", "billing", "erase"], `${HTTPS}password=${password}\n`)
    await at.run(["get", "billing"])
    expect(await erase("canary-earlier")).toEqual({ code: 0, out: "", err: "" })
    expect(at.issuer.asked).toBe(1)
    await erase("canary-access-1")
    expect(at.issuer.asked).toBe(2)
    await erase("canary-access-1")
    expect(at.issuer.asked).toBe(2)
  })

  test("a host that refuses every token uses none up", async () => {
    await using at = await commandUnderTest(true)
    await at.run(["get", "billing"])
    await at.run(["git-credential", "billing", "erase"], `${HTTPS}password=canary-access-1\n`)
    expect(at.issuer.asked).toBe(1)
  })

  test("git itself fetches with it; and with the next one, after the host has refused the first", async () => {
    await using at = await commandUnderTest(true, slow)
    const home = at.place.directory
    await git(home, ["init", "--quiet", join(home, "work")])
    const author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    await git(home, ["-C", join(home, "work"), ...author, "commit", "--quiet", "--allow-empty", "-m", "the first"])
    await git(home, ["clone", "--quiet", "--bare", join(home, "work"), join(home, "repository.git")])
    await using host = await GitHost.start(home)
    const options = `--allow-http --host ${host.host} --config ${at.place.file}`
    const helper = `!${process.execPath} --import tsx ${MAIN} git-credential billing ${options}`
    const url = `http://${host.host}/repository.git`
    const fetch = (into: string) =>
      git(home, ["-c", `credential.helper=${helper}`, "clone", "--quiet", url, join(home, into)])
    host.password = "canary-access-1"
    await fetch("first")
    const log = await git(home, ["-C", join(home, "first"), "log", "--format=%s"])
    expect(log.stdout).toBe("the first\n")
    expect(new Set(host.seen)).toEqual(new Set(["oauth2:canary-access-1"]))
    host.password = "canary-access-2"
    await expect(fetch("second")).rejects.toThrow("Authentication failed")
    await fetch("third")
    expect(host.seen.at(-1)).toBe("oauth2:canary-access-2")
    expect(at.issuer.asked).toBe(2)
  }, 120_000)
})
