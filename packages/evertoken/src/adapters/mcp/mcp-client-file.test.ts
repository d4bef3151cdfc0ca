import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { McpClientFile } from "./mcp-client-file.js"

const CLIENT = { client_id: "agent", issuer: "https://id.example.com", redirect_uris: ["http://127.0.0.1/callback"] }

let directory: string
let path: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-client-"))
  path = join(directory, "client.json")
})

afterEach(() => rm(directory, { recursive: true, force: true }))

it("what was written is read, with all of its properties, by whoever shares the file", async () => {
  expect(await new McpClientFile(path).read()).toBeUndefined()
  await new McpClientFile(path).write(CLIENT)
  expect(await new McpClientFile(path).read()).toEqual(CLIENT)
  expect(await readdir(directory)).toEqual(["client.json"])
})

it.skipIf(process.platform === "win32")("the file is for its owner alone", async () => {
  await new McpClientFile(path).write(CLIENT)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

it("what is forgotten is gone, even if it was not there", async () => {
  const file = new McpClientFile(path)
  await file.write(CLIENT)
  await file.write(undefined)
  await file.write(undefined)
  expect(await file.read()).toBeUndefined()
})

it.each(["", "{", "null", "[]", '{"client_id":1}'])("%j is no registration", async (text) => {
  await writeFile(path, text)
  expect(await new McpClientFile(path).read()).toBeUndefined()
})

it("what cannot be read or written is told, and leaves nothing behind", async () => {
  await mkdir(join(path, "in-the-way"), { recursive: true })
  await expect(new McpClientFile(path).read()).rejects.toMatchObject({ code: "EISDIR" })
  await expect(new McpClientFile(path).write(CLIENT)).rejects.toThrow()
  expect(await readdir(directory)).toEqual(["client.json"])
})

it("a path is required", () => {
  expect(() => new McpClientFile("")).toThrow(TypeError)
})
