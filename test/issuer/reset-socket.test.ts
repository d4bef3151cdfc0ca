import { once } from "node:events"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { resetSocket } from "./reset-socket.js"

/** Both ends of a connection. */
async function connection(): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(0, "127.0.0.1")
  onTestFinished(() => void server.close())
  await once(server, "listening")
  const far = connect((server.address() as AddressInfo).port, "127.0.0.1")
  const [near] = (await once(server, "connection")) as [Socket]
  onTestFinished(() => void far.destroy())
  return [near, far]
}

test("the other end is told of a reset", async () => {
  const [near, far] = await connection()
  resetSocket(near)
  await expect(once(far, "end")).rejects.toMatchObject({ code: "ECONNRESET" })
})

test("a connection that is just ending is closed, too: one that stays open keeps its process from exiting", async () => {
  const [near] = await connection()
  const closed = once(near, "close") // rejects with an error of the socket
  near.end()
  resetSocket(near)
  await expect(closed).resolves.toEqual([false])
})
