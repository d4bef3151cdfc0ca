import { once } from "node:events"
import { createServer } from "node:net"

// below the ports that the system gives to connections: one of them would take it before the server does
const LOWEST = 20_000
const PORTS = 12_000

/** A port on which nobody listens at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * PORTS)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1")
  try {
    await once(server, "listening")
  } catch {
    return false
  }
  server.close()
  await once(server, "close")
  return true
}
