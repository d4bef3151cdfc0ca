import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import type { IncomingMessage } from "node:http"
import { request } from "node:https"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { expect, test } from "vitest"
import { certificateFor } from "../testing/certificate.js"
import { registryUnderTest } from "../testing/registry-under-test.js"
import { API_KEY, serverUnderTest } from "../testing/server-under-test.js"
import { buildServer } from "./build-server.js"
import { REQUEST_HEADER } from "./guard.js"
import { listenOnTcp, type ListenOnTcpOptions, type TcpConfig } from "./listen-on-tcp.js"

const HEADERS = { authorization: `Bearer ${API_KEY}`, [REQUEST_HEADER]: "1" }

async function refusalOf(tcp: TcpConfig, options?: ListenOnTcpOptions): Promise<unknown> {
  await using server = await serverUnderTest()
  return await listenOnTcp(server.app, tcp, options).catch((error: unknown) => error)
}

async function certificateFiles() {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  const names = [
    { type: "dns", value: "tokens.example" },
    { type: "ip", value: "192.0.2.7" },
  ] as const
  const { cert, key } = await certificateFor(names)
  const tls = { certificate: join(directory, "cert.pem"), key: join(directory, "key.pem") }
  await writeFile(tls.certificate, cert)
  await writeFile(tls.key, key)
  return { tls, cert, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

test.each(["127.0.0.1", "localhost", "::1", "[::1]"])(
  "it listens where only this machine reaches it: %s",
  async (address) => {
    await using server = await serverUnderTest()
    const url = await listenOnTcp(server.app, { port: 0, address })
    const answer = await fetch(
      new URL("/healthz", url.replace("127.0.0.1", address.includes(":") ? "[::1]" : address)),
      {
        headers: HEADERS,
      },
    )
    expect(await answer.json()).toMatchObject({ status: "ok" })
  },
)

test.each([
  ["0.0.0.0", {}, {}],
  ["192.0.2.7", {}, { unsafeBind: true }],
  ["192.0.2.7", { tls: { certificate: "c", key: "k" } }, {}],
  ["tokens.example", {}, {}],
])("nowhere else without both TLS and the flag: %s %j %j", async (address, tls, options) => {
  expect(await refusalOf({ port: 0, address, ...tls }, options)).toMatchObject({
    message: `${address} can be reached from other machines`,
    hint: expect.stringContaining("--unsafe-bind") as string,
  })
})

test("with both, clients call it by what its certificate is for, and by no other name", async () => {
  await using server = await serverUnderTest()
  await using files = await certificateFiles()
  const url = await listenOnTcp(server.app, { port: 0, address: "0.0.0.0", tls: files.tls }, { unsafeBind: true })
  const { port } = new URL(url)
  const ask = async (host: string, headers: Record<string, string> = {}) => {
    const options = {
      host: "127.0.0.1",
      port,
      path: "/tokens",
      ca: files.cert,
      servername: "tokens.example",
      agent: false,
    }
    const sent = request({ ...options, headers: { ...HEADERS, host, ...headers } }).end()
    const [response] = (await once(sent, "response")) as [IncomingMessage]
    await text(response)
    return response.statusCode
  }
  for (const name of ["tokens.example", "192.0.2.7", "localhost"]) expect(await ask(`${name}:${port}`)).toBe(200)
  for (const name of ["evil.example", "192.0.2.8", "x.tokens.example", "[::2]", "[:::]", "."])
    expect(await ask(`${name}:${port}`)).toBe(403)
  const own = `tokens.example:${port}`
  expect(await ask(own, { origin: `https://${own}` })).toBe(200)
  expect(await ask(own, { origin: `http://${own}` })).toBe(403)
})

test("a certificate that cannot be read or used is named", async () => {
  const files = { certificate: "/nowhere/cert.pem", key: "/nowhere/key.pem" }
  expect(await refusalOf({ port: 0, address: "127.0.0.1", tls: files })).toMatchObject({
    message: "cannot read the certificate /nowhere/cert.pem",
    hint: "Look at listen.tcp.tls.certificate.",
  })
  const here = { certificate: import.meta.filename, key: import.meta.filename }
  expect(await refusalOf({ port: 0, address: "127.0.0.1", tls: here })).toMatchObject({
    message: `the certificate ${import.meta.filename} and its key cannot be used`,
  })
})

test("a port that is taken is named", async () => {
  const other = createServer().listen(0, "127.0.0.1")
  await once(other, "listening")
  const { port } = other.address() as AddressInfo
  expect(await refusalOf({ port, address: "127.0.0.1" })).toMatchObject({
    name: "ListenError",
    message: `cannot listen on 127.0.0.1 port ${port}: EADDRINUSE`,
    hint: "Another program listens there: end it, or choose another place.",
  })
  other.close()
})

test("without an API key it does not listen", async () => {
  const { registry } = registryUnderTest()
  await using app = buildServer(registry)
  await expect(listenOnTcp(app, { port: 0, address: "127.0.0.1" })).rejects.toThrow("a TCP port needs an API key")
})

test("a key that could be guessed is refused", () => {
  const { registry } = registryUnderTest()
  expect(() => buildServer(registry, { apiKey: "fifteen letters" })).toThrow(
    "the API key must have at least 16 characters",
  )
})
