import { execFile, spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, onTestFinished, test } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { aptInstall, findProgram, programInCi, skipped } from "../servers/apt-install.js"
import { startApi } from "./invoices-api.js"

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL("../../packages/server/dist/main.js", import.meta.url))
const DOCUMENT = fileURLToPath(new URL("../../docs/any-language.md", import.meta.url))

/** The programs of the document in a language, in its order. */
async function programsIn(language: string): Promise<readonly string[]> {
  const text = await readFile(DOCUMENT, "utf8")
  return [...text.matchAll(new RegExp("^```" + language + "\n(.*?)^```", "gms"))].map(([, program = ""]) => program)
}

function programFor(command: string, debianPackage = command): string | undefined {
  if (findProgram(command) === undefined) aptInstall(debianPackage)
  return findProgram(command) ?? void skipped(`${command} is not here: apt-get install ${debianPackage}`)
}

/** A Python that has httpx: in CI it is installed. */
function withHttpx(): string | undefined {
  const env = { PATH: process.env["PATH"] }
  const has = (python: string) => spawnSync(python, ["-c", "import httpx"], { stdio: "ignore", env }).status === 0
  const found = () => ["python3", "/usr/bin/python3"].find(has)
  if (found() === undefined && process.env["CI"] === "true" && !aptInstall("python3-httpx")) {
    console.warn("not tested: python3-httpx cannot be installed")
  }
  return found()
}

/** A server that keeps `billing`, an API that takes its token, and surroundings in which `evertoken` is a command. */
async function surroundings() {
  const issuer = await RealIssuer.start()
  const api = await startApi(issuer)
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(async () => {
    api.close()
    await issuer[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })
  const file = join(directory, "evertoken.yaml")
  const command = join(directory, "evertoken")
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`)
  await chmod(command, 0o700)
  const { clientId, clientSecret } = issuer.clients.basic
  const client = { id: clientId, secret: "env:CLIENT_SECRET" }
  const tokens = { billing: { grant: "client_credentials", issuer: issuer.url, client } }
  const port = await freePort()
  const listen = { tcp: { port, apiKey: "env:API_KEY" } }
  await writeFile(file, JSON.stringify({ tokens, listen }), { mode: 0o600 })
  const apiKey = randomBytes(32).toString("hex")
  await writeFile(join(directory, "api-key.header"), `Authorization: Bearer ${apiKey}\n`, { mode: 0o600 })
  await mkdir(join(directory, "run"), { mode: 0o700 })
  const env = {
    PATH: directory + delimiter + (process.env["PATH"] ?? ""),
    HOME: directory,
    XDG_RUNTIME_DIR: join(directory, "run"),
    EVERTOKEN_CONFIG: file,
    CLIENT_SECRET: clientSecret,
    API_KEY: apiKey,
    GOCACHE: join(tmpdir(), "evertoken-go-cache"),
  }
  await served(command, env)
  const local = (program: string) =>
    program
      .replaceAll("https://api.example.com/invoices", api.url)
      .replaceAll(/127\.0\.0\.1:8787\b/g, `127.0.0.1:${port}`)
  return { issuer, api, directory, env, local }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

async function served(command: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(command, ["serve"], { env, stdio: ["ignore", "ignore", "pipe"] })
  const exited = once(child, "exit")
  onTestFinished(async () => {
    child.kill("SIGTERM")
    await exited
  })
  const told: string[] = []
  for await (const line of createInterface(child.stderr)) {
    told.push(line)
    if (line.includes("keeping billing")) return
  }
  throw new Error(`the server has ended: ${told.join("\n")}`)
}

describe("docs/any-language.md", () => {
  test("its lines for the shell run as they are printed", async () => {
    if (programFor("curl") === undefined || programFor("jq") === undefined) return
    const { issuer, api, directory, env, local } = await surroundings()
    const [piped = "", executed = "", unix = "", tcp = "", kept = ""] = await programsIn("sh")
    const shell = async (program: string) =>
      (await run("timeout", ["10", "sh", "-c", local(program)], { cwd: directory, env })).stdout
    expect(await shell(piped)).toBe('{"invoices":3}')
    expect(await shell(executed)).toBe("there is a token\n")
    const token = (await shell(unix)).trim()
    expect(await issuer.accepts(token)).toBe(true)
    expect((await shell(tcp)).trim()).toBe(token)
    // the loop goes on until it is ended
    await shell(kept.replace("sleep 60", "break"))
    expect(await readFile(join(directory, "billing.token"), "utf8")).toBe(`${token}\n`)
    expect([issuer.requests.total, api.served()]).toEqual([1, 1])
  })

  test("its programs in Python run as they are printed", async () => {
    const python = programFor("python3")
    if (python === undefined) return
    const { issuer, api, env, local } = await surroundings()
    const [one = "", all = ""] = await programsIn("python")
    const { stdout } = await run(python, ["-c", `${one}print(token)`], { env })
    expect(await issuer.accepts(stdout.trim())).toBe(true)
    expect((await run(python, ["-c", local(all)], { env })).stdout).toBe('{"invoices":3}\n')
    expect([issuer.requests.total, api.served()]).toEqual([1, 1])
  })

  const pythonWithHttpx = withHttpx()

  test.skipIf(pythonWithHttpx === undefined)("its program with httpx runs as it is printed", async () => {
    const { issuer, api, env, local } = await surroundings()
    const [, , program = ""] = await programsIn("python")
    const { stdout } = await run(pythonWithHttpx ?? "python3", ["-c", local(program)], { env })
    expect(stdout).toBe('{"invoices":3}\n')
    expect([issuer.requests.total, api.served()]).toEqual([1, 1])
  })

  const go = programInCi("go", "golang-go")

  test.skipIf(go === undefined)("its program in Go runs as it is printed", async () => {
    const { issuer, api, directory, env, local } = await surroundings()
    const [program = ""] = await programsIn("go")
    await writeFile(join(directory, "main.go"), local(program))
    expect((await run(go ?? "go", ["run", "main.go"], { cwd: directory, env })).stdout).toBe('{"invoices":3}')
    expect([issuer.requests.total, api.served()]).toEqual([1, 1])
  })
})
