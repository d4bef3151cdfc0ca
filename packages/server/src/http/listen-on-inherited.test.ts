import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rename, rm } from "node:fs/promises"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"
import { rawRequest } from "../testing/raw-request.js"
import { serverUnderTest } from "../testing/server-under-test.js"
import { listenOnInherited } from "./listen-on-inherited.js"

/** What systemd starts: a process with the listening socket as its third file. */
const PROGRAM = `
  const { serverUnderTest } = await import(${fileUrl("../testing/server-under-test.ts")})
  const { listenOnInherited } = await import(${fileUrl("./listen-on-inherited.ts")})
  const server = await serverUnderTest()
  const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: "1" }
  await listenOnInherited(server.app, env).then(
    (listens) => console.log(JSON.stringify({ listens, env })),
    (error) => { console.log(JSON.stringify({ message: error.message, env })); process.exit() },
  )
  process.stdin.once("end", () => process.exit()).resume()
`

function fileUrl(path: string): string {
  return JSON.stringify(pathToFileURL(join(import.meta.dirname, path)))
}

async function activated(server: Server) {
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle
  const args = ["--import", "tsx", "--input-type=module", "--eval", PROGRAM]
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit", fd], cwd: import.meta.dirname })
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error("the program has no pipes")
  const [line] = (await once(stdout, "data")) as [Buffer]
  // from now on the connections are the program's
  server.close()
  return {
    told: JSON.parse(line.toString()) as unknown,
    [Symbol.asyncDispose]: async () => {
      stdin.end()
      await text(stdout)
    },
  }
}

test("it listens on the socket that systemd has opened, and passes that on to nobody", async () => {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  const socketPath = join(directory, "evertoken.sock")
  {
    const opened = createServer().listen(join(directory, "opened.sock"))
    await once(opened, "listening")
    // it is removed with the server of this process
    await rename(join(directory, "opened.sock"), socketPath)
    await using child = await activated(opened)
    expect(child.told).toEqual({ listens: true, env: {} })
    expect((await rawRequest({ socketPath, path: "/healthz" })).body).toContain('{"status":"ok"')
  }
  await rm(directory, { recursive: true })
})

test("a TCP port that systemd has opened is refused: every user would reach it", async () => {
  const opened = createServer().listen(0, "127.0.0.1")
  await once(opened, "listening")
  await using child = await activated(opened)
  expect(child.told).toEqual({ message: "the socket of systemd is none of a file", env: {} })
})

test.each([{}, { LISTEN_PID: "1", LISTEN_FDS: "1" }])(
  "what is for another process, or for none, is left: %j",
  async (env) => {
    await using server = await serverUnderTest()
    expect(await listenOnInherited(server.app, { ...env })).toBe(false)
  },
)

test("more than one socket is a mistake in the unit", async () => {
  await using server = await serverUnderTest()
  const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: "2" }
  await expect(listenOnInherited(server.app, env)).rejects.toThrow("systemd has opened 2 sockets")
})
