import { once } from "node:events"
import type { Socket } from "node:net"
import { setTimeout as wait } from "node:timers/promises"
import { TLSSocket } from "node:tls"

/** The server's end of one connection. Whatever is written after its end is dropped without a word. */
export class Peer {
  /** Resolves when the connection is over, however it ends. */
  readonly closed: Promise<void>
  /** Resolves with what came first of the request, or with nothing if none comes. */
  readonly begun: Promise<void>
  /** Resolves when a whole request has come, or the connection is over. */
  readonly asked: Promise<void>
  readonly #socket: Socket
  #text = ""

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on("error", () => {})
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()))
    this.begun = Promise.race([new Promise<void>((resolve) => socket.once("data", () => resolve())), this.closed])
    this.asked = Promise.race([this.#whole(), this.closed])
    // reading on is how the end of the other side is noticed
    socket.once("end", () => socket.end())
  }

  /** Everything received. */
  get text(): string {
    return this.#text
  }

  get isOpen(): boolean {
    return this.#socket.writable
  }

  get writtenBytes(): number {
    return this.#socket.bytesWritten
  }

  /** Resolves when the kernel has room for more. */
  async write(data: string | Uint8Array): Promise<void> {
    if (!this.isOpen || this.#socket.write(data)) return
    await Promise.race([once(this.#socket, "drain").catch(() => undefined), this.closed])
  }

  /** Writes the same for as long as the other side reads. */
  async flood(data: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(data)
    while (this.isOpen) {
      await this.write(bytes)
      // a write that the kernel takes at once would starve everybody else here
      await new Promise(setImmediate)
    }
  }

  /** Writes a byte at a time, and the last one again and again. */
  async drip(text: string, everyMs: number): Promise<void> {
    for (let at = 0; this.isOpen; at += 1) {
      await this.write(text[Math.min(at, text.length - 1)] ?? "")
      await Promise.race([wait(everyMs, undefined, { ref: false }), this.closed])
    }
  }

  /** Says that nothing more comes, and goes on listening. */
  end(data: string | Uint8Array = ""): void {
    if (this.isOpen) this.#socket.end(data)
  }

  /** By a TCP reset, after everything written has left; within TLS by closing without a word. */
  reset(data?: string | Uint8Array): void {
    const isTls = this.#socket instanceof TLSSocket
    const reset = () => void (isTls ? this.#socket.destroy() : this.#socket.resetAndDestroy())
    if (data === undefined || !this.isOpen) reset()
    else this.#socket.write(data, reset)
  }

  #whole(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.on("data", (chunk: Buffer) => {
        this.#text += chunk.toString("latin1")
        const [head, body] = this.#text.split("\r\n\r\n", 2)
        const length = Number(/content-length: (\d+)/i.exec(head ?? "")?.[1] ?? 0)
        if (body !== undefined && body.length >= length) resolve()
      })
    })
  }
}
