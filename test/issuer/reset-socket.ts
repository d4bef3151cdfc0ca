import type { Socket } from "node:net"

/** Ends a connection by a TCP reset; one that is ending already without: Node.js would not close it, and never exit. */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
