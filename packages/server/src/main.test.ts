import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { stat } from "node:fs/promises"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { expect, test, vi } from "vitest"
import { LocalIssuer } from "./testing/local-issuer.js"
import { PlaceUnderTest, tokenOf } from "./testing/place-under-test.js"
import { rawRequest } from "./testing/raw-request.js"

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url))
const NODE = ["--import", "tsx", MAIN]

interface Served {
  readonly child: ChildProcess
  readonly log: () => string
  readonly err: () => string
}

async function serve(place: PlaceUnderTest): Promise<Served & Disposable> {
  const child = spawn(process.execPath, [...NODE, "serve", "--config", place.file], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let [log, err] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (log += chunk))
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (err += chunk))
  await vi.waitFor(() => expect(err).toContain("keeping billing"), 50_000)
  return { child, log: () => log, err: () => err, [Symbol.dispose]: () => void child.kill("SIGKILL") }
}

async function get(place: PlaceUnderTest): Promise<string> {
  const child = spawn(process.execPath, [...NODE, "get", "billing", "--config", place.file], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [out] = await Promise.all([text(child.stdout), once(child, "exit")])
  return out
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown> {
  const exit = once(child, "exit")
  child.kill(signal)
  return (await exit)[0]
}

test("after kill -9 a server goes on with the same token and asks for none; SIGTERM ends it in order", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  await place.write({ billing: tokenOf(issuer.url) })
  {
    using server = await serve(place)
    expect(await get(place)).toBe("canary-access-1\n")
    expect(server.err()).toContain(`listening on ${place.socket}`)
    expect(server.err()).toContain("NOT encrypted")
    await ended(server.child, "SIGKILL")
  }
  using server = await serve(place)
  expect(await get(place)).toBe("canary-access-1\n")
  expect(issuer.asked).toBe(1)
  expect(await ended(server.child, "SIGTERM")).toBe(0)
  await expect(stat(place.socket)).rejects.toThrow("ENOENT")
  expect(await get(place)).toBe("canary-access-1\n")
  expect(issuer.asked).toBe(1)
}, 120_000)

test("SIGHUP reads the configuration again, unless it is not valid; a second SIGINT ends at once", async () => {
  await using issuer = await LocalIssuer.start()
  await using place = await PlaceUnderTest.make()
  const token = tokenOf(issuer.url)
  await place.write({ billing: token })
  using server = await serve(place)
  const listed = async () => {
    const { body } = await rawRequest({ socketPath: place.socket, path: "/tokens" })
    const { tokens } = JSON.parse(body) as { tokens: { name: string; status: string }[] }
    return tokens.map(({ name, status }) => `${name} ${status}`)
  }
  await place.write({ billing: token, extra: token })
  server.child.kill("SIGHUP")
  await vi.waitFor(async () => expect(await listed()).toEqual(["billing fresh", "extra fresh"]), 20_000)
  await place.write({ billing: { grant: "none" } })
  server.child.kill("SIGHUP")
  await vi.waitFor(() => expect(server.log()).toContain("tokens.billing.grant"), 20_000)
  // the issuer answers nothing from now on: whoever waits for it keeps the server from ending
  const release = issuer.hold()
  const waiting = rawRequest({ socketPath: place.socket, path: "/tokens/billing/refresh", method: "POST" })
  waiting.catch(() => undefined)
  await vi.waitFor(() => expect(issuer.asked).toBe(3), 20_000)
  expect(await listed()).toEqual(["billing fresh", "extra fresh"])
  server.child.kill("SIGINT")
  await vi.waitFor(() => expect(rawRequest({ socketPath: place.socket, path: "/healthz" })).rejects.toThrow(), 20_000)
  expect(await ended(server.child, "SIGINT")).toBe(130)
  release()
}, 120_000)
