import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js"
import { TemporarilyUnavailableError } from "@modelcontextprotocol/sdk/server/auth/errors.js"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { McpAgent } from "./mcp-agent.js"
import { McpSite } from "./mcp-site.js"

const HELLO = [{ type: "text", text: "hello" }]

let directory: string
let site: McpSite
const agents: McpAgent[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-mcp-"))
  site = await McpSite.start()
})

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()))
  await site[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

function newAgent(): McpAgent {
  const agent = new McpAgent({ url: site.url.href, directory })
  agents.push(agent)
  return agent
}

async function signedIn(): Promise<McpAgent> {
  const agent = newAgent()
  await expect(agent.connect()).rejects.toThrow("Unauthorized")
  await agent.signIn()
  await agent.connect()
  return agent
}

async function startProcess(): Promise<(method: "connect" | "greet" | "close") => Promise<unknown>> {
  const path = fileURLToPath(new URL("agent-process.ts", import.meta.url))
  const child: ChildProcess = fork(path, [site.url.href, directory], { execArgv: ["--import", "tsx"] })
  await once(child, "message")
  return async (method) => {
    const answer = once(child, "message")
    child.send(method)
    const [message] = (await answer) as [unknown]
    if (method === "close") child.disconnect()
    return message
  }
}

describe("the provider of the MCP SDK", () => {
  it("registers, signs in and connects, and keeps the refresh token from the SDK", async () => {
    const agent = await signedIn()

    expect(await agent.greet()).toEqual(HELLO)
    const provider: OAuthClientProvider = agent.provider
    expect(Object.keys((await provider.tokens()) ?? {})).not.toContain("refresh_token")
    expect(site.authorization.clients.size).toBe(1)
    expect(site.authorization.authorizations).toBe(1)
  })

  it("finds the registration and the token of another process, and shows no page", async () => {
    await signedIn()
    const other = newAgent()

    await other.connect()

    expect(await other.greet()).toEqual(HELLO)
    expect(other.pages).toEqual([])
    expect(site.authorization.clients.size).toBe(1)
  })

  it("renews a revoked access token once for 20 calls at once, and answers them all", async () => {
    const agent = await signedIn()
    site.authorization.revokeAccess()

    const answers = await Promise.all(Array.from({ length: 20 }, () => agent.greet()))

    expect(answers).toEqual(Array(20).fill(HELLO))
    expect(site.authorization.rotations).toBe(1)
    expect(agent.pages).toHaveLength(1)
  })

  it("two processes whose token is revoked rotate the grant once, and lose nothing", { timeout: 60_000 }, async () => {
    await signedIn()
    const processes = await Promise.all([startProcess(), startProcess()])
    const all = (method: "connect" | "greet" | "close") => Promise.all(processes.map((call) => call(method)))
    expect(await all("connect")).toEqual(Array(2).fill({ result: null, pages: 0 }))

    for (let rotation = 1; rotation <= 5; rotation++) {
      site.authorization.revokeAccess()
      expect(await all("greet")).toEqual(Array(2).fill({ result: HELLO, pages: 0 }))
      expect(site.authorization.rotations).toBe(rotation)
    }

    expect(site.authorization.reuses).toBe(0)
    await all("close")
  })

  it("an issuer that is down fails the call, and opens no page", async () => {
    const agent = await signedIn()
    site.authorization.revokeAccess()
    site.authorization.outage = new TemporarilyUnavailableError("later")

    await expect(agent.greet()).rejects.toMatchObject({ name: "TokenResponseError", transient: true })
    expect(agent.pages).toHaveLength(1)
  })

  it("asks the user to sign in again once the grant is revoked, and goes on with the new one", async () => {
    const agent = await signedIn()
    site.authorization.revokeAll()

    await expect(agent.greet()).rejects.toThrow("Unauthorized")
    expect(agent.pages).toHaveLength(2)
    await agent.signIn()

    expect(await agent.greet()).toEqual(HELLO)
    expect(site.authorization.reuses).toBe(0)
  })

  it("takes no code of a sign-in that was not begun here", async () => {
    const agent = newAgent()
    await expect(agent.connect()).rejects.toThrow("Unauthorized")

    const forged = new URL("http://127.0.0.1/callback?code=stolen&state=guessed")
    expect(() => agent.provider.codeOf(forged)).toThrow("the state differs")
  })

  it("a code that is refused costs nobody the token", async () => {
    await signedIn()
    const other = newAgent()
    await other.provider.invalidateCredentials("tokens")
    await other.connect()
    expect(await other.greet()).toEqual(HELLO)
  })

  it("registers anew when the issuer does not know the client any more", async () => {
    const agent = newAgent()
    await expect(agent.connect()).rejects.toThrow("Unauthorized")
    await agent.provider.invalidateCredentials("all")
    expect(await agent.provider.clientInformation()).toBeUndefined()

    await expect(agent.connect()).rejects.toThrow("Unauthorized")
    await agent.signIn()
    await agent.connect()
    expect(await agent.greet()).toEqual(HELLO)
    expect(site.authorization.clients.size).toBe(2)
  })

  it("the registration is in a file for its owner alone, and tells no token", async () => {
    await signedIn()
    const file = join(directory, "client.json")
    if (process.platform !== "win32") expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(Object.keys(JSON.parse(await readFile(file, "utf8")) as object).join()).not.toMatch(/token$/)
  })
})
