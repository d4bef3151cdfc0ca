import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmod, lstat, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { rawRequest } from "../testing/raw-request.js"
import { serverUnderTest } from "../testing/server-under-test.js"
import { listenOnSocket } from "./listen-on-socket.js"

async function directoryUnderTest() {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

async function refusalOf(path: string): Promise<unknown> {
  await using server = await serverUnderTest()
  return await listenOnSocket(server.app, path).catch((error: unknown) => error)
}

test("a socket that only this user reaches asks for no key, and is gone with the server", async () => {
  await using place = await directoryUnderTest()
  const socketPath = join(place.directory, "made", "for", "evertoken.sock")
  {
    await using server = await serverUnderTest()
    await listenOnSocket(server.app, socketPath)
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600)
    expect((await stat(join(socketPath, ".."))).mode & 0o777).toBe(0o700)
    const answer = await rawRequest({ socketPath, path: "/tokens/billing" })
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining("canary-access-1") as string })
  }
  await expect(lstat(socketPath)).rejects.toThrow("ENOENT")
})

test("what a dead server left is removed", async () => {
  await using place = await directoryUnderTest()
  const socketPath = join(place.directory, "evertoken.sock")
  const script = `require("net").createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, "SIGKILL"))`
  spawnSync(process.execPath, ["-e", script])
  expect((await lstat(socketPath)).isSocket()).toBe(true)
  await using server = await serverUnderTest()
  await listenOnSocket(server.app, socketPath)
  expect((await rawRequest({ socketPath, path: "/healthz" })).status).toBe(200)
})

test("a second server leaves the first one alone", async () => {
  await using place = await directoryUnderTest()
  const socketPath = join(place.directory, "evertoken.sock")
  await using server = await serverUnderTest()
  await listenOnSocket(server.app, socketPath)
  expect(await refusalOf(socketPath)).toMatchObject({ message: `another server is running on ${socketPath}` })
  expect((await rawRequest({ socketPath, path: "/healthz" })).status).toBe(200)
})

test("a server that answers nothing is running, too", async () => {
  await using place = await directoryUnderTest()
  const path = join(place.directory, "evertoken.sock")
  const silent = createServer().listen(path)
  await once(silent, "listening")
  expect(await refusalOf(path)).toMatchObject({ name: "ListenError", hint: "End it first." })
  silent.close()
})

test.each(["a file", "a link to a file", "a link to nothing"])(
  "what is no socket stays where it is: %s",
  async (what) => {
    await using place = await directoryUnderTest()
    const path = join(place.directory, "evertoken.sock")
    const target = join(place.directory, "target")
    if (what === "a file") await writeFile(path, "mine")
    else await symlink(target, path)
    if (what === "a link to a file") await writeFile(target, "mine")
    expect(await refusalOf(path)).toMatchObject({ message: `${path} is not a socket` })
    expect((await lstat(path)).isSocket()).toBe(false)
  },
)

test("a directory of the server's own that others may enter is closed to them", async () => {
  await using place = await directoryUnderTest()
  await chmod(place.directory, 0o755)
  await using server = await serverUnderTest()
  await listenOnSocket(server.app, join(place.directory, "evertoken.sock"))
  expect((await stat(place.directory)).mode & 0o777).toBe(0o700)
})

test("a directory that is open to others and used for something else stays as it is, and is refused", async () => {
  await using place = await directoryUnderTest()
  await writeFile(join(place.directory, "other"), "")
  await chmod(place.directory, 0o1777)
  expect(await refusalOf(join(place.directory, "evertoken.sock"))).toMatchObject({
    message: `${place.directory} is open to other users`,
    hint: expect.stringContaining(`chmod 700 ${place.directory}`) as string,
  })
  expect((await stat(place.directory)).mode & 0o7777).toBe(0o1777)
})

test("a directory behind a symbolic link is refused: somebody else may have made it", async () => {
  await using place = await directoryUnderTest()
  await mkdir(join(place.directory, "real"), { mode: 0o700 })
  await symlink(join(place.directory, "real"), join(place.directory, "link"))
  expect(await refusalOf(join(place.directory, "link", "evertoken.sock"))).toMatchObject({
    message: `${join(place.directory, "link")} is a symbolic link, or no directory`,
  })
})

test.runIf(process.getuid?.() === 0)("a directory of another user is refused", async () => {
  await using place = await directoryUnderTest()
  spawnSync("chown", ["65534", place.directory])
  expect(await refusalOf(join(place.directory, "evertoken.sock"))).toMatchObject({
    message: `${place.directory} belongs to another user`,
  })
})

test("a path that does not fit into an address is refused before it is cut", async () => {
  await using place = await directoryUnderTest()
  const path = join(place.directory, `${"x".repeat(110)}.sock`)
  expect(await refusalOf(path)).toMatchObject({ message: `the path of the socket is too long: ${path}` })
})
