// A process of its own: what asks must not take the processor from what is asked.
import { Agent, request as httpRequest } from "node:http"
import { connect, type NetConnectOpts, type Socket } from "node:net"

export interface LoadOrder {
  readonly target: NetConnectOpts
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly durationMs: number
}

export interface LoadReport {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface CrowdOrder {
  readonly socketPath: string
  readonly name: string
  /** Half of them listen to events, half wait for the next token. */
  readonly clients: number
}

export type Order = { readonly load: LoadOrder } | { readonly crowd: CrowdOrder } | { readonly told: true }
export type Report = { readonly load: LoadReport } | { readonly connected: number } | { readonly told: number }

let told = 0

process.on("message", (order: Order) => {
  if ("load" in order) void loaded(order.load).then((load) => answer({ load }))
  else if ("crowd" in order) void crowded(order.crowd).then((connected) => answer({ connected }))
  else answer({ told })
})
process.on("disconnect", () => process.exit())

function answer(report: Report): void {
  process.send?.(report)
}

/** One request at a time on each connection, which is kept. All answers must be of the same length. */
async function loaded({ target, path, headers, connections, durationMs }: LoadOrder): Promise<LoadReport> {
  const lines = Object.entries({ host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`)
  const tookMs: number[] = []
  const until = performance.now() + durationMs
  await Promise.all(Array.from({ length: connections }, () => asking(connect(target), bytes, { until, tookMs })))
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => tookMs[Math.max(0, Math.ceil(tookMs.length * share) - 1)] ?? NaN
  return { perSecond: tookMs.length / (durationMs / 1_000), p50Ms: at(0.5), p99Ms: at(0.99) }
}

function asking(socket: Socket, bytes: Buffer, { until, tookMs }: { until: number; tookMs: number[] }): Promise<void> {
  return new Promise((resolve, reject) => {
    let length = 0
    let received = 0
    let sentAt = 0
    const ask = () => {
      sentAt = performance.now()
      socket.write(bytes)
    }
    socket.setNoDelay(true).once("connect", ask).once("error", reject)
    socket.on("data", (chunk) => {
      if (length === 0) length = lengthOf(chunk)
      received += chunk.length
      if (received < length) return
      const now = performance.now()
      tookMs.push(now - sentAt)
      received = 0
      if (now < until) ask()
      else {
        socket.destroy()
        resolve()
      }
    })
  })
}

function lengthOf(chunk: Buffer): number {
  const text = chunk.toString("latin1")
  const [, body] = /content-length: (\d+)/i.exec(text) ?? []
  const head = text.indexOf("\r\n\r\n")
  if (body === undefined || head < 0 || !text.startsWith("HTTP/1.1 200"))
    throw new Error(`unexpected: ${text.slice(0, 40)}`)
  return head + 4 + Number(body)
}

async function crowded({ socketPath, name, clients }: CrowdOrder): Promise<number> {
  const events = Array.from({ length: clients / 2 }, () => listening(socketPath))
  const waits = Array.from({ length: clients / 2 }, () => waiting(socketPath, name, ""))
  await Promise.all([...events, ...waits])
  return events.length + waits.length
}

function listening(socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const sent = httpRequest({ socketPath, path: "/events", agent: false }, (response) => {
      response.on("data", () => (told += 1))
      resolve()
    })
    sent.on("error", () => undefined).end()
  })
}

/** Again and again, each on a connection that it keeps. Resolves once the first wait for another token than the one there has begun. */
function waiting(
  socketPath: string,
  name: string,
  after: string,
  agent = new Agent({ keepAlive: true }),
): Promise<void> {
  return new Promise((resolve) => {
    const path = `/tokens/${name}/wait?timeout=5m&after=${encodeURIComponent(after)}`
    const again = (tag: string) => void waiting(socketPath, name, tag, agent).then(resolve)
    const sent = httpRequest({ socketPath, path, agent }, (response) => {
      response.resume().once("end", () => {
        told += 1
        again(response.headers.etag ?? after)
      })
    })
    sent.once("error", () => again(after)).end()
    if (after !== "") resolve()
  })
}
