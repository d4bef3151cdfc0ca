import type { FastifyInstance } from "fastify"
import { listening, ListenError } from "./listen-error.js"

// sd_listen_fds(3)
const FIRST = 3

/**
 * Listens on the socket that systemd has opened (socket activation). Who reaches it is what the unit says: `SocketMode=0600`.
 * @returns whether there is one for this process; it is not passed on to processes that this one starts.
 * @throws ListenError if it is not a Unix socket.
 */
export async function listenOnInherited(
  app: FastifyInstance,
  env: Record<string, string | undefined> = process.env,
): Promise<boolean> {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = env
  if (pid !== String(process.pid) || count === undefined) return false
  delete env["LISTEN_PID"]
  delete env["LISTEN_FDS"]
  delete env["LISTEN_FDNAMES"]
  if (count !== "1")
    throw new ListenError(`systemd has opened ${count} sockets`, "The unit must have one ListenStream=.")
  await app.ready()
  const server = app.listeners.create(() => ({ kind: "socket" }))
  await listening(server, { fd: FIRST }, "the socket of systemd")
  // one of TCP has an address, and would be open to every user
  if (server.address() === null) return true
  server.close()
  throw new ListenError("the socket of systemd is none of a file", "ListenStream= must be a path.")
}
