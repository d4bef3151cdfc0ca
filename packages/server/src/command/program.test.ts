import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { commandUnderTest as bench } from "../testing/command-under-test.js"
import { PlaceUnderTest, tokenOf } from "../testing/place-under-test.js"
import { runUnderTest } from "../testing/terminal-under-test.js"

/** What a browser does with the URL that it is shown. */
function visitWith(answer: Record<string, string>) {
  return (url: URL) => {
    const back = new URL(url.searchParams.get("redirect_uri") ?? "")
    const fields = { state: url.searchParams.get("state") ?? "", ...answer }
    for (const [name, value] of Object.entries(fields)) back.searchParams.set(name, value)
    void fetch(back)
  }
}

function onceShown(visit: (url: URL) => void): (err: string) => void {
  let isVisited = false
  return (err) => {
    const [url] = /http:\S+authorize\S+/.exec(err) ?? []
    if (isVisited || url === undefined) return
    isVisited = true
    visit(new URL(url))
  }
}

describe.each([
  { how: "by a server", withServer: true },
  { how: "with no server", withServer: false },
])("$how", ({ withServer }) => {
  test("get prints the token alone, as an object, or as the header", async () => {
    await using at = await bench(withServer)
    expect(await at.run(["get", "billing"])).toEqual({ code: 0, out: "canary-access-1\n", err: "" })
    expect((await at.run(["get", "billing", "--header"])).out).toBe("Authorization: Bearer canary-access-1\n")
    const { out } = await at.run(["get", "billing", "--json", "--min-validity", "1m"])
    expect(JSON.parse(out)).toMatchObject({ accessToken: "canary-access-1", scope: "read" })
    expect((await at.run(["get", "billing", "--curl"])).out).toBe('header = "Authorization: Bearer canary-access-1"\n')
    expect(at.issuer.asked).toBe(1)
  })

  test("a name that is not known is exit code 3, and the one that was meant is told", async () => {
    await using at = await bench(withServer)
    expect(await at.run(["get", "biling"])).toEqual({
      code: 3,
      out: "",
      err: "evertoken: no token has this name\n  Did you mean billing?\n",
    })
  })

  test("a grant that a person must give is exit code 4, and how is told", async () => {
    await using at = await bench(withServer)
    const { code, err } = await at.run(["get", "mail"])
    expect(code).toBe(4)
    expect(err).toMatch(/^evertoken: .*\n {2}Sign in: evertoken login mail\n$/)
  })

  test("an issuer that is down is exit code 5", async () => {
    await using at = await bench(withServer)
    at.issuer.next({ status: 503, body: {} })
    const { code } = await at.run(["refresh", "billing"])
    expect(code).toBe(5)
  })

  test("what is set from the standard input is kept, and told to nobody else", async () => {
    await using at = await bench(withServer)
    const outcome = await at.run(["set", "mail"], '{"accessToken":"canary-set","refreshToken":"canary-refresh"}')
    expect(outcome).toEqual({ code: 0, out: "", err: "mail is set\n" })
    expect((await at.run(["get", "mail"])).out).toBe("canary-set\n")
    const listed = await at.run(["list"])
    expect(listed.out).toMatch(/mail +fresh +in \d+ \w+ +(-|in \d+ \w+) +authorization_code +file \(not encrypted\)/)
    expect(listed.out + (await at.run(["status", "--json"])).out).not.toContain("canary")
  })

  test("a bare access token will do, and what is neither is refused without being shown", async () => {
    await using at = await bench(withServer)
    expect((await at.run(["set", "mail"], "canary-bare\n")).code).toBe(0)
    expect((await at.run(["get", "mail"])).out).toBe("canary-bare\n")
    for (const input of ["", '{"canary":1}', '{"canary', '{"accessToken":7}', `canary-${"x".repeat(70_000)}`]) {
      const { code, err } = await at.run(["set", "mail"], input)
      expect(code).toBe(2)
      expect(err).not.toContain("canary")
    }
  })

  test("revoke tells the issuer, and with --local nobody", async () => {
    await using at = await bench(withServer)
    const revoked = () => at.issuer.requests.filter(({ path }) => path === "/revoke").length
    await at.run(["set", "mail"], '{"accessToken":"canary-a","refreshToken":"canary-r"}')
    expect(await at.run(["revoke", "mail", "--local"])).toMatchObject({ code: 0, err: "mail is forgotten\n" })
    expect(revoked()).toBe(0)
    await at.run(["set", "mail"], '{"accessToken":"canary-b","refreshToken":"canary-s"}')
    expect(await at.run(["revoke", "mail"])).toMatchObject({ code: 0, err: "mail is revoked\n" })
    expect(revoked()).toBe(1)
    expect((await at.run(["get", "mail"])).code).toBe(4)
  })

  test("login shows where to sign in, and ends when the tokens are kept", async () => {
    await using at = await bench(withServer)
    const outcome = await at.run(["login", "mail"], { onErr: onceShown(visitWith({ code: "the-code" })) })
    expect(outcome).toMatchObject({ code: 0, err: expect.stringContaining("mail: signed in, and kept\n") as string })
    expect((await at.run(["get", "mail"])).out).toBe("canary-access-1\n")
  })

  test("a sign-in that brings no refresh token is told to end, at once and whenever the token is looked at", async () => {
    await using at = await bench(withServer)
    const note = "  there is no refresh token: once it ends, somebody has to sign in again\n"
    const login = () => at.run(["login", "mail"], { onErr: onceShown(visitWith({ code: "the-code" })) })
    at.issuer.next({ status: 200, body: { access_token: "canary-short", token_type: "Bearer", expires_in: 3600 } })
    expect((await login()).err).toContain(`mail: signed in, and kept\n${note}`)
    expect((await at.run(["list"])).out).toContain(note)
    expect((await login()).err).toMatch(/mail: signed in, and kept\n$/)
    expect((await at.run(["list"])).out).not.toContain(note)
  })

  test("login tells why it failed", async () => {
    await using at = await bench(withServer)
    const outcome = await at.run(["login", "mail"], { onErr: onceShown(visitWith({ error: "access_denied" })) })
    expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining("access_denied") as string })
  })

  test("Ctrl-C ends the sign-in, and not only the waiting for it", async () => {
    await using at = await bench(withServer)
    const interrupt = onceShown(() => void process.emit("SIGINT"))
    const { code, err } = await at.run(["login", "mail"], { onErr: interrupt })
    expect([code, err]).toEqual([130, expect.stringContaining("evertoken: the sign-in is cancelled\n")])
    expect((await at.run(["list", "--json"])).out).not.toContain('"isSigningIn":true')
  })

  test("nobody signs in for a client's own token", async () => {
    await using at = await bench(withServer)
    const { code, err } = await at.run(["login", "billing"])
    expect([code, err]).toEqual([2, expect.stringContaining("its grant is client_credentials")])
  })
})

test("curl reads from its standard input what get prints for it, whatever characters the token has", async () => {
  await using at = await bench(false)
  await at.run(["set", "mail"], 'canary-"quoted\\and"')
  const { out } = await at.run(["get", "mail", "--curl"])
  const curl = spawn("curl", ["-sS", "-K", "-", `${at.issuer.url}/api`], { stdio: ["pipe", "ignore", "inherit"] })
  curl.stdin.end(out)
  await once(curl, "exit")
  expect(at.issuer.requests.at(-1)?.authorization).toBe('Bearer canary-"quoted\\and"')
})

test("with no server list shows what the stores hold, and asks nobody", async () => {
  await using at = await bench(false)
  const before = await at.run(["list"])
  expect(before.out).toMatch(/billing +no token yet +- /)
  await at.run(["get", "billing"])
  const { out } = await at.run(["list"])
  expect(out).toMatch(/billing +fresh +in 59 min/)
  expect(at.issuer.asked).toBe(1)
})

test("init writes a configuration for this user alone, never over one, and check finds it good", async () => {
  await using place = await PlaceUnderTest.make()
  expect((await runUnderTest(["init", place.file])).code).toBe(0)
  expect((await stat(place.file)).mode & 0o777).toBe(0o600)
  expect((await runUnderTest(["check", "--config", place.file])).out).toContain("good, with billing")
  await writeFile(place.file, "mine")
  expect(await runUnderTest(["init", place.file])).toMatchObject({ code: 1, out: "" })
  expect(await readFile(place.file, "utf8")).toBe("mine")
  expect((await runUnderTest(["init", join(place.directory, "none", "here.yaml")])).err).toContain("ENOENT")
})

test("check tells what is wrong as editors read it, and what is unsafe", async () => {
  await using place = await PlaceUnderTest.make()
  await writeFile(place.file, "tokens:\n  billing:\n    grant: none\n", { mode: 0o600 })
  const { code, err } = await runUnderTest(["check", "--config", place.file])
  expect(code).toBe(2)
  expect(err).toMatch(new RegExp(`^${place.file}:3:\\d+: tokens.billing.grant: `))
  const tls = { certificate: "cert.pem", key: "key.pem" }
  await place.write({}, { listen: { tcp: { port: 0, address: "0.0.0.0", apiKey: "env:KEY", tls } } })
  expect((await runUnderTest(["check", "--config", place.file])).err).toContain("--unsafe-bind")
  expect((await runUnderTest(["serve", "--config", place.file])).code).toBe(2)
})

test("a command line that is not understood is exit code 2, and no value in it is shown", async () => {
  const { code, err } = await runUnderTest(["get", "billing", "--token=hunter2"])
  expect(code).toBe(2)
  expect(err).toContain("evertoken: unknown option '--token=…'")
  expect(err).not.toContain("hunter2")
  expect((await runUnderTest(["get", "billing", "--min-validity", "soon"])).code).toBe(2)
})

test("a command that is misused names its own help", async () => {
  for (const args of [["get"], ["get", "a", "b"], ["exec"], ["completion", "tcsh"]]) {
    expect((await runUnderTest(args)).err).toContain(`(evertoken ${args[0] ?? ""} --help tells more)`)
  }
  expect((await runUnderTest(["frobnicate"])).err).toContain("(evertoken --help tells more)")
})

test("help tells the exit codes, and gives examples", async () => {
  for (const args of [["--help"], ["get", "--help"], ["serve", "--help"]]) {
    const { code, out } = await runUnderTest(args)
    expect(code).toBe(0)
    expect(out).toContain("Examples:")
    expect(out).toContain("4 a sign-in is needed")
  }
  expect((await runUnderTest(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test("a secret that cannot be had is named; --verbose tells where it failed", async () => {
  await using place = await PlaceUnderTest.make()
  const client = { id: "app", secret: "env:EVERTOKEN_NOT_SET" }
  await place.write({ billing: tokenOf("http://127.0.0.1:1", { client }) })
  const { code, err } = await runUnderTest(["--verbose", "get", "billing", "--config", place.file])
  expect([code, err]).toEqual([2, expect.stringContaining("tokens.billing: env:EVERTOKEN_NOT_SET")])
  expect(err).toContain("CommandError\n    at ")
  expect(err).toContain("made of SecretError\n    at ")
  expect(err).toContain("secret-reference")
})

test("--verbose tells the code of a failure, and what of the library it is made of; by a server, the code that it answers", async () => {
  const line = "evertoken: the token endpoint answered 503\n  The issuer has trouble of its own; it is asked again.\n"
  for (const withServer of [false, true]) {
    await using at = await bench(withServer)
    const refused = async (...words: string[]) => {
      at.issuer.next({ status: 503, body: {} })
      return (await at.run(["refresh", "billing", ...words])).err
    }
    expect(await refused()).toBe(line)
    const err = await refused("--verbose")
    expect(err.startsWith(`${line}CommandError ERR_TOKEN_RESPONSE\n    at `)).toBe(true)
    expect(err.includes("made of TokenResponseError ERR_TOKEN_RESPONSE 503\n    at ")).toBe(!withServer)
  }
})
