import { once } from "node:events"
import { Agent } from "node:http"
import { mkdtemp, rm } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { rawRequest } from "../testing/raw-request.js"
import { API_KEY, serverUnderTest } from "../testing/server-under-test.js"
import { turning } from "../testing/turning.js"
import { listenOnSocket } from "./listen-on-socket.js"
import { listenOnTcp } from "./listen-on-tcp.js"

/** A server that is asked to renew a token by a client that keeps its connection, and whose issuer does not answer yet. */
async function askedServer() {
  const server = await serverUnderTest()
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  const socketPath = join(directory, "evertoken.sock")
  await listenOnSocket(server.app, socketPath)
  const agent = new Agent({ keepAlive: true })
  const ask = (path: string, method = "GET") => rawRequest({ socketPath, path, method, agent })
  await ask("/tokens/billing")
  const release = server.issuer.hold()
  const asked = ask("/tokens/billing/refresh", "POST")
  await expect.poll(() => server.issuer.asked).toBe(2)
  return {
    ...{ ...server, asked, release },
    [Symbol.asyncDispose]: async () => {
      agent.destroy()
      release()
      await server[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

test("what was asked before the server ends is answered, and a connection that is kept does not keep the server", async () => {
  await using server = await askedServer()
  const closed = server.app.close()
  server.release()
  expect((await server.asked).status).toBe(200)
  const endedAt = server.clock.now() + 1_000
  await turning(server.clock, closed)
  expect(server.clock.now()).toBeLessThan(endedAt)
})

test("what is not answered in time does not keep the server either", async () => {
  await using server = await askedServer()
  const asked = expect(server.asked).rejects.toThrow(/socket hang up|ECONNRESET/)
  await turning(server.clock, server.app.close())
  await asked
})

test("a client that leaves is nothing to warn of", async () => {
  await using server = await serverUnderTest()
  const { port, host } = new URL(await listenOnTcp(server.app, { port: 0, address: "127.0.0.1" }))
  const headers = [`host: ${host}`, "x-evertoken-request: 1", `authorization: Bearer ${API_KEY}`].join("\r\n")
  const leave = async () => {
    const client = connect(Number(port), "127.0.0.1").on("error", () => undefined)
    client.write(`GET /events HTTP/1.1\r\n${headers}\r\n\r\n`)
    await once(client, "data")
    client.resetAndDestroy()
  }
  await leave()
  const stranger = connect(Number(port), "127.0.0.1")
  stranger.resume().write("this is not HTTP\r\n\r\n")
  await once(stranger, "end")
  stranger.destroy()
  expect(server.lines.join("")).not.toContain("ECONNRESET")
  expect(server.lines.filter((line) => line.includes("is not a request"))).toHaveLength(1)
})
