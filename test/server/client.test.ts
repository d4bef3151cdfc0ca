import { execFile } from "node:child_process"
import { dirname } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { TokenWatcher } from "evertoken"
import { ServerTokenSource } from "evertoken/server-client"
import { tokenSourceContract } from "evertoken/testing"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { ServerPlace, ServerProcess } from "./server-process.js"

const run = promisify(execFile)
const HERE = dirname(fileURLToPath(import.meta.url))
// one token for each case: what a case does to its own is nobody else's matter
const CASES = Array.from({ length: 12 }, (_, index) => `case-${index}`)

let issuer: RealIssuer
let place: ServerPlace
let server: ServerProcess
beforeAll(async () => {
  issuer = await RealIssuer.start()
  const { clientId, clientSecret } = issuer.clients.post
  const client = { id: clientId, secret: clientSecret, authentication: "client_secret_post" }
  const own = { grant: "client_credentials", issuer: issuer.url, client, scope: "api:read" }
  const people = {
    grant: "refresh_token",
    issuer: issuer.url,
    client: { id: issuer.clients.public.clientId, authentication: "none" },
  }
  const tokens = Object.fromEntries([...CASES, "watched", "read"].map((name) => [name, own]))
  place = await ServerPlace.make({ tokens: { ...tokens, people }, allowLiteralSecrets: true })
  server = await ServerProcess.started(place)
})
afterAll(async () => {
  server[Symbol.dispose]()
  await place[Symbol.asyncDispose]()
  await issuer.close()
})

function sourceOf(name: string): ServerTokenSource {
  return new ServerTokenSource(name, { socketPath: place.socketPath })
}

function until(what: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(what, { timeout: 60_000, interval: 10 })
}

describe("ServerTokenSource over a real server keeps the contract of a token source", () => {
  let used = 0
  tokenSourceContract({
    test,
    // the process is real, and so is the machine
    deadlineMs: 30_000,
    create: async () => {
      const name = CASES[used++] ?? "none"
      const source = sourceOf(name)
      const { body } = await place.ask("GET", `/tokens/${name}`)
      return {
        source,
        secrets: [(body as { readonly accessToken: string }).accessToken],
        fail: async () => void (await place.ask("DELETE", `/tokens/${name}?local=true`)),
        stall: async () => server.kill("SIGSTOP"),
        dispose: async () => {
          server.kill("SIGCONT")
          await source.close()
        },
      }
    },
  })
})

test("a refresh token is used by the server, and never comes to a client", async () => {
  const refreshToken = await issuer.issueRefreshToken()
  await place.ask("PUT", "/tokens/people", { refreshToken })
  await using source = sourceOf("people")
  const token = await source.getToken()
  expect(await issuer.accepts(token.accessToken)).toBe(true)
  expect(token.refreshToken).toBeUndefined()
  const { body } = await place.ask("GET", "/tokens/people")
  expect(Object.keys(body as object).sort()).toEqual([
    "accessToken",
    "expiresAt",
    "issuedAt",
    "scope",
    "staleAt",
    "tokenType",
  ])
})

test("a watcher goes on through kill -9 and a new start of the server, and then has each new token as it comes", async () => {
  await using watcher = await TokenWatcher.start(sourceOf("watched"))
  const { accessToken } = watcher.current()
  server.kill("SIGKILL")
  await server.exit
  expect((await watcher.getToken()).accessToken).toBe(accessToken)
  server = await ServerProcess.started(place)
  expect(watcher.current().accessToken).toBe(accessToken)
  await place.ask("POST", "/tokens/watched/refresh")
  const { body } = await place.ask("GET", "/tokens/watched")
  await until(() => expect(watcher.current().accessToken).toBe((body as { accessToken: string }).accessToken))
  expect(watcher.current().accessToken).not.toBe(accessToken)
})

test("a program that watches a token of the server, and was told of a new one, exits by itself", async () => {
  await place.ask("PUT", "/tokens/people", { refreshToken: await issuer.issueRefreshToken() })
  const program = `
    import { TokenWatcher } from "evertoken"
    import { ServerTokenSource } from "evertoken/server-client"
    const source = new ServerTokenSource("people", { socketPath: process.env.SOCKET })
    const watcher = await TokenWatcher.start(source)
    const before = watcher.current()
    const next = new Promise((resolve) => watcher.token$.subscribe((token) => token === before || resolve(token)))
    await source.getToken({ newerThan: before, insist: true })
    await next
    console.log(watcher.current().tokenType)
  `
  const options = { cwd: HERE, env: { ...process.env, SOCKET: place.socketPath }, timeout: 60_000 }
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", program], options)
  expect([stdout, stderr]).toEqual(["Bearer\n", ""])
})

test("two clients that an API refuses have the token renewed once", async () => {
  const issued = () => issuer.requests.issued
  await using one = sourceOf("read")
  await using other = sourceOf("read")
  const refused = await one.getToken()
  // a token so young is not renewed because somebody refuses it
  await wait(Math.max(0, refused.issuedAt + 10_500 - Date.now()))
  const before = issued()
  const [a, b] = await Promise.all([one, other].map((source) => source.getToken({ newerThan: refused })))
  expect(a?.accessToken).not.toBe(refused.accessToken)
  expect(b?.accessToken).toBe(a?.accessToken)
  expect(issued() - before).toBe(1)
})
