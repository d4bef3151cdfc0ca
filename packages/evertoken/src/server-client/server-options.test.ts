import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, expect, it } from "vitest"
import { ServerTokenSource } from "./server-token-source.js"
import type { ServerTokenSourceOptions } from "./server-options.js"

const directory = mkdtempSync(join(tmpdir(), "evertoken-server-client-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const apiKey = "s3cret-key-of-the-server"
const url = "http://127.0.0.1:7070"

it.each<[string, unknown, string]>([
  ["no place", {}, "socketPath or url must say where the server is"],
  ["two places", { socketPath: "a", url }, "and not both"],
  ["an empty path", { socketPath: "" }, "socketPath must be the path of a socket"],
  ["a url that is none", { url: "7070", apiKey }, "url must be the server's"],
  ["a url of another machine in the clear", { url: "http://tokens.example.com", apiKey }, "url must be the server's"],
  ["a url with a password", { url: "http://u:s3cret@127.0.0.1/", apiKey }, "url must be the server's"],
  ["a url with a path", { url: `${url}/tokens`, apiKey }, "without a path"],
  ["no key", { url }, "apiKey is undefined. Is the environment variable"],
  ["a key that no header takes", { url, apiKey: "s3cret s3cret" }, "apiKey must be visible ASCII"],
  ["a key that is none", { url, apiKey: 7 }, "apiKey must be a text or { file }"],
  ["a key for a socket", { socketPath: "a", apiKey }, "apiKey is for a server at a url"],
  ["an authority for a socket", { socketPath: "a", certificateAuthority: "x" }, "certificateAuthority is for a server"],
  [
    "an authority that is none",
    { url, apiKey, certificateAuthority: "s3cret" },
    "certificateAuthority must be certificates in PEM",
  ],
  ["a time that is none", { socketPath: "a", requestTimeoutMs: 0 }, "requestTimeoutMs must be milliseconds"],
  ["a backoff that is none", { socketPath: "a", backoff: { initialMs: -1 } }, "initialMs must be milliseconds"],
  ["a clock that is none", { socketPath: "a", clock: {} }, "clock must be"],
  ["chance that is none", { socketPath: "a", random: 1 }, "random must be"],
  ["an unknown option", { socketpath: "a" }, "did you mean socketPath?"],
])("%s is refused, by its name and without its text", (_, options, message) => {
  const make = () => new ServerTokenSource("app", options as ServerTokenSourceOptions)
  expect(make).toThrow(TypeError)
  expect(make).toThrow(message)
  expect(make).not.toThrow("s3cret")
})

it("a name that is none is refused", () => {
  expect(() => new ServerTokenSource("", { socketPath: "a" })).toThrow("name must be")
})

it("a pipe of Windows is taken as it is, and the key is shown by nothing", () => {
  const pipe = new ServerTokenSource("app", { socketPath: String.raw`\\.\pipe\evertoken-me` })
  expect(pipe.fingerprint).toBe(
    new ServerTokenSource("app", { socketPath: String.raw`\\.\pipe\evertoken-me` }).fingerprint,
  )
  const source = new ServerTokenSource("app", { url, apiKey })
  expect(inspect(source, { depth: 9, showHidden: true })).not.toContain(apiKey)
})

it("the key in a file is read anew for each request, and is in no error that quotes it", async () => {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer(({ headers }, response) => {
    seen.push(headers)
    response.writeHead(401).end(JSON.stringify({ detail: `${headers.authorization ?? ""} is wrong` }))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const file = join(directory, "key")
  const { port } = server.address() as AddressInfo
  const source = new ServerTokenSource("app", { url: `http://127.0.0.1:${port}`, apiKey: { file } })
  await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true })
  writeFileSync(file, `${apiKey}-1\n`)
  const error = await source.getToken().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: false, message: "the token server answers 401" })
  writeFileSync(file, `${apiKey}-2\n`)
  await expect(source.getToken()).rejects.toThrow("401")
  expect(seen.map(({ authorization }) => authorization)).toEqual([`Bearer ${apiKey}-1`, `Bearer ${apiKey}-2`])
  server.close()
})
