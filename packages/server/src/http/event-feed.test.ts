import { channel } from "node:diagnostics_channel"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { serverUnderTest } from "../testing/server-under-test.js"
import { listenOnSocket } from "./listen-on-socket.js"

/** A client of /events that keeps what it was sent. */
async function readerOf(socketPath: string) {
  const socket = connect(socketPath)
  let received = ""
  socket.setEncoding("utf8").on("data", (chunk: string) => (received += chunk))
  socket.write("GET /events HTTP/1.1\r\nhost: x\r\n\r\n")
  await expect.poll(() => received).toContain("\r\n\r\n")
  return {
    socket,
    get received() {
      return received
    },
    get events() {
      return [...received.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, event, data = ""]) => ({
        event,
        data: JSON.parse(data) as Record<string, unknown>,
      }))
    },
  }
}

async function listening(names?: readonly string[]) {
  const server = await serverUnderTest(names)
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  const path = join(directory, "evertoken.sock")
  await listenOnSocket(server.app, path)
  return {
    ...server,
    path,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

test("a reader is told of every token there is, then of each change, and of no secret", async () => {
  await using server = await listening(["billing", "web"])
  await Promise.all(["billing", "web"].map((name) => server.app.inject(`/tokens/${name}`)))
  const reader = await readerOf(server.path)
  expect(reader.received).toContain("content-type: text/event-stream")
  expect(reader.received).toContain("cache-control: no-store")
  expect(reader.events.slice(0, 2)).toMatchObject([
    { event: "token", data: { name: "billing", status: "fresh" } },
    { event: "token", data: { name: "web", status: "fresh" } },
  ])
  await server.app.inject({ method: "POST", url: "/tokens/billing/refresh" })
  await expect
    .poll(() => reader.events)
    .toContainEqual({
      event: "incident",
      data: expect.objectContaining({ name: "billing", kind: "renewed" }) as object,
    })
  const { config } = server.registry.find("billing") ?? {}
  await server.registry.apply(config ? { billing: config } : {})
  await expect.poll(() => reader.events.at(-1)).toEqual({ event: "removed", data: { name: "web" } })
  expect(reader.received).not.toContain("canary")
  reader.socket.destroy()
})

test("a reader hears something every 15 seconds, whatever happens", async () => {
  await using server = await listening()
  await server.app.inject("/tokens/billing")
  const reader = await readerOf(server.path)
  await server.clock.advance(15_000)
  await expect.poll(() => reader.received.match(/^:$/gm)).toHaveLength(1)
  await server.clock.advance(15_000)
  await expect.poll(() => reader.received.match(/^:$/gm)).toHaveLength(2)
  reader.socket.destroy()
})

test("many readers cost one timer, and none once they have gone", async () => {
  await using server = await listening()
  await server.app.inject("/tokens/billing")
  const before = server.clock.pendingTimers
  const readers = await Promise.all(Array.from({ length: 50 }, () => readerOf(server.path)))
  expect(server.clock.pendingTimers).toBe(before + 1)
  for (const { socket } of readers) socket.destroy()
  await expect.poll(() => server.clock.pendingTimers).toBe(before)
})

test("a server that ends ends all streams", async () => {
  const server = await listening()
  const reader = await readerOf(server.path)
  const ended = once(reader.socket, "end")
  await server[Symbol.asyncDispose]()
  await ended
})

test("who does not read is cut off, and the others are not", async () => {
  await using server = await listening()
  const [slow, quick] = await Promise.all([readerOf(server.path), readerOf(server.path)])
  slow.socket.pause()
  const closed = once(slow.socket, "close")
  const failures = channel("evertoken:renewal-failed")
  // more than the buffers of the connection and of the server take
  for (let sent = 0; sent < 64; sent++) {
    const told = quick.events.length
    failures.publish({ key: "billing", code: `${sent}-${"x".repeat(16_384)}` })
    await expect.poll(() => quick.events.length).toBeGreaterThan(told)
  }
  slow.socket.resume()
  await closed
  expect(slow.received.length).toBeLessThan(quick.received.length)
  expect(quick.socket.destroyed).toBe(false)
  quick.socket.destroy()
})
