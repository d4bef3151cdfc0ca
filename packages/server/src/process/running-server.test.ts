import { randomBytes } from "node:crypto"
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test, vi } from "vitest"
import type { Config } from "../config/config.js"
import { createLog } from "../http/log.js"
import { LocalIssuer } from "../testing/local-issuer.js"
import { PlaceUnderTest, tokenOf } from "../testing/place-under-test.js"
import { rawRequest } from "../testing/raw-request.js"
import { RunningServer } from "./running-server.js"

async function serverUnderTest(config: Config) {
  const lines: string[] = []
  const log = createLog({ level: "info" }, { write: (line) => void lines.push(line) })
  const server = await RunningServer.start(config, { log })
  return { server, lines, log, [Symbol.asyncDispose]: () => server.close() }
}

const KEY = randomBytes(32).toString("base64")

test("a server is found on its socket, and gone from there when it is closed", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  {
    await using running = await serverUnderTest(place.config({ billing: tokenOf(issuer.url) }))
    expect(running.server.addresses).toEqual([place.socket])
    expect(running.server.isEncrypted).toBe(false)
    const { status } = await rawRequest({ socketPath: place.socket, path: "/tokens/billing" })
    expect(status).toBe(200)
  }
  await expect(stat(place.socket)).rejects.toThrow("ENOENT")
})

test("with a key nothing of a token is readable where it is kept", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  const key = join(place.directory, "key")
  await writeFile(key, KEY, { mode: 0o600 })
  const encryption = { encryption: { keys: [`file:${key}`] } }
  await using running = await serverUnderTest(place.config({ billing: tokenOf(issuer.url) }, encryption))
  expect(running.server.isEncrypted).toBe(true)
  await rawRequest({ socketPath: place.socket, path: "/tokens/billing" })
  const entries = await readdir(join(place.directory, "state"), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) expect(await readFile(file, "utf8")).not.toContain("canary")
})

test("a key that is none is named, and nothing of it told", async () => {
  await using place = await PlaceUnderTest.make()
  const key = join(place.directory, "key")
  await writeFile(key, "hunter2", { mode: 0o600 })
  const failure = serverUnderTest(place.config({}, { encryption: { keys: [`file:${key}`] } }))
  await expect(failure).rejects.toThrow(`encryption.keys: file:${key}: `)
  await expect(failure).rejects.not.toThrow("hunter2")
})

test("a secret that cannot be had is named with the field that refers to it", async () => {
  await using place = await PlaceUnderTest.make()
  const missing = join(place.directory, "missing")
  const encrypted = place.config({}, { encryption: { keys: [`file:${missing}`] } })
  await expect(serverUnderTest(encrypted)).rejects.toThrow(`encryption.keys: file:${missing}: there is no such file`)
  const listening = place.config({}, { listen: { tcp: { port: 0, apiKey: `file:${missing}` } } })
  await expect(serverUnderTest(listening)).rejects.toThrow(`listen.tcp.apiKey: file:${missing}: there is no such file`)
})

test("a start that fails leaves nothing behind", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  const config = place.config({ billing: tokenOf(issuer.url) })
  await using running = await serverUnderTest(config)
  await expect(serverUnderTest(config)).rejects.toThrow("another server is running")
  const { status } = await rawRequest({ socketPath: place.socket, path: "/tokens/billing" })
  expect([status, running.server.tokenNames]).toEqual([200, ["billing"]])
})

test("a configuration that is read again adds, removes and changes tokens, and says what needs a restart", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  const token = tokenOf(issuer.url)
  const stores = { stores: { shared: { file: "before" } } }
  const before = place.config({ billing: token, mail: token, moved: tokenOf(issuer.url, { store: "shared" }) }, stores)
  await using running = await serverUnderTest(before)
  const after = place.config(
    { billing: token, files: token, moved: tokenOf(issuer.url, { store: "shared" }) },
    { stores: { shared: { file: "after" } }, stateDirectory: "elsewhere", log: { level: "warn" } },
  )
  await running.server.reload(after)
  expect(running.server.tokenNames).toEqual(["billing", "files", "moved"])
  expect(running.lines.join("")).toContain("the state directory (stateDirectory) has changed")
  expect(running.log.level).toBe("warn")
  await rawRequest({ socketPath: place.socket, path: "/tokens/moved" })
  expect(await readdir(join(place.directory, "after"))).not.toEqual([])
  expect(await readdir(place.directory)).not.toContain("elsewhere")
})

test("a configuration whose tokens cannot be opened leaves all as it was", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  await using running = await serverUnderTest(place.config({ billing: tokenOf(issuer.url) }))
  const secret = { client: { id: "app", secret: "env:EVERTOKEN_NOT_SET" } }
  const stores = { stores: { shared: { file: "other" } } }
  await running.server.reload(place.config({ mail: tokenOf(issuer.url, secret) }, stores))
  expect(running.server.tokenNames).toEqual(["billing"])
  expect(running.lines.join("")).toContain("tokens.mail: env:EVERTOKEN_NOT_SET")
})

test("a grant that only a person can repair is told once, and to a command that gets no secret", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  vi.stubEnv("EVERTOKEN_TEST_SECRET", "hunter2")
  const told = join(place.directory, "told")
  const script = `require("fs").appendFileSync(${JSON.stringify(told)}, JSON.stringify(process.env)); console.log("said")`
  const onSignInNeeded = [process.execPath, "-e", script]
  const config = place.config({ mail: tokenOf(issuer.url, { grant: "authorization_code" }) }, { onSignInNeeded })
  await using running = await serverUnderTest(config)
  await vi.waitFor(() => expect(running.lines.join("")).toContain("the command has ended"), 20_000)
  for (let again = 0; again < 2; again++) await rawRequest({ socketPath: place.socket, path: "/tokens/mail" })
  const env: unknown = JSON.parse(await readFile(told, "utf8"))
  expect(env).toMatchObject({
    EVERTOKEN_NAME: "mail",
    EVERTOKEN_STATUS: "reauthentication-required",
    EVERTOKEN_HINT: "Sign in: evertoken login mail",
  })
  expect(env).not.toHaveProperty("EVERTOKEN_TEST_SECRET")
  expect(running.lines.filter((line) => line.includes("only a person can repair"))).toHaveLength(1)
  expect(running.lines.join("")).toContain('"output":"said"')
  vi.unstubAllEnvs()
})

test("a request that waits for the issuer is answered before the server ends", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  await mkdir(join(place.directory, "state"), { mode: 0o700 })
  const release = issuer.hold()
  await using running = await serverUnderTest(place.config({ billing: tokenOf(issuer.url) }))
  const answer = rawRequest({ socketPath: place.socket, path: "/tokens/billing" })
  await vi.waitFor(() => expect(issuer.asked).toBe(1), 20_000)
  const closed = running.server.close()
  release()
  expect((await answer).status).toBe(200)
  await closed
})
