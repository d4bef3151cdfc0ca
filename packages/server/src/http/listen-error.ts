import { once } from "node:events"
import type { Server } from "node:http"
import type { ListenOptions } from "node:net"

/** Why a server cannot listen, in one line, and what to do about it. */
export class ListenError extends Error {
  override readonly name = "ListenError"
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program listens there: end it, or choose another place.",
  EACCES: "This user may not listen there: choose a directory of its own, or a port above 1023.",
  EADDRNOTAVAIL: "This machine does not have that address.",
  ENOTFOUND: "No such name: give an address.",
}

// all clients may come at once: after a new start, say
const BACKLOG = 4_096

/** Resolves once it listens. @throws ListenError that says where it cannot. */
export async function listening(
  server: Server,
  options: ListenOptions & { readonly fd?: number },
  where: string,
): Promise<void> {
  try {
    server.listen({ backlog: BACKLOG, ...options })
    await once(server, "listening")
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error"
    throw new ListenError(`cannot listen on ${where}: ${code}`, HINTS[code] ?? "Look at listen in the configuration.")
  }
}
