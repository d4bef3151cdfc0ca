import { fork } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { availableParallelism, machine, type } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { RealIssuer } from "../issuer/real-issuer.js"
import { ServerPlace, ServerProcess } from "../server/server-process.js"
import { toolOptions } from "../tool-options.js"
import type { LoadReport } from "./server-load.js"
import { LoadProcess, type Target } from "./server-load-process.js"

const HELP = `Asks a token server for its token, again and again, and beside it a bare fastify route that answers a constant of the same size:
rounds in turn, over a Unix socket and over TCP. Then with clients that listen and wait, while the token is renewed: its memory.

  npm run bench:server -- [--rounds N] [--seconds S] [--connections N] [--clients N] [--minutes M]

  --rounds N        rounds of each, on each kind of listener (default 7)
  --seconds S       of one round (default 2)
  --connections N   that ask, each one request at a time (default 32)
  --clients N       half of them listen to events, half wait for the next token (default 1,000)
  --minutes M       for which they are there (default 2)
  --help            this text

Exit code 1: the requests a second, or the p99, of the server are more than 1.3 times as bad as those of the bare route, in the median
of the rounds.`

const MOST = 1.3
const API_KEY = "canary-key-of-the-server-measured"
const values = toolOptions({
  rounds: { type: "string", default: "7" },
  seconds: { type: "string", default: "2" },
  connections: { type: "string", default: "32" },
  clients: { type: "string", default: "1000" },
  minutes: { type: "string", default: "2" },
  help: { type: "boolean", default: false },
})

if (values.help) console.log(HELP)
else process.exitCode = await run()

async function run(): Promise<number> {
  console.log(`${availableParallelism()} cores, Node.js ${process.versions.node}, ${type()} ${machine()}\n`)
  await using issuer = await RealIssuer.start()
  const { clientId, clientSecret } = issuer.clients.post
  const client = { id: clientId, secret: clientSecret, authentication: "client_secret_post" }
  const app = { grant: "client_credentials", issuer: issuer.url, client, scope: "api:read" }
  const load = new LoadProcess({ connections: Number(values.connections) })
  const worst = await compareWithBare(load, app)
  await remember(load, app)
  load.end()
  return worst > MOST ? 1 : 0
}

interface Served extends AsyncDisposable {
  readonly place: ServerPlace
  readonly server: ServerProcess
}

/** A server of its own: one whose heap is watched is slower than one that does nothing else. */
async function serve(app: object, nodeOptions: readonly string[] = []): Promise<Served> {
  const listen = { tcp: { port: 0, apiKey: "env:EVERTOKEN_API_KEY" } }
  const place = await ServerPlace.make({ tokens: { app }, listen, allowLiteralSecrets: true })
  const server = await ServerProcess.started(place, { env: { EVERTOKEN_API_KEY: API_KEY }, nodeOptions })
  return {
    place,
    server,
    [Symbol.asyncDispose]: async () => {
      server[Symbol.dispose]()
      await place[Symbol.asyncDispose]()
    },
  }
}

/** @returns the worst of how many times as long it takes, and as its p99 is. */
async function compareWithBare(load: LoadProcess, app: object): Promise<number> {
  await using served = await serve(app)
  const { place, server } = served
  const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(server.output)?.[1])
  const { body } = await place.ask("GET", "/tokens/app")

  const bareSocket = join(place.directory, "bare.sock")
  const { accessToken, ...others } = body as { readonly accessToken: string }
  const constant = JSON.stringify({ accessToken: "x".repeat(accessToken.length), ...others })
  const bare = fork(fileURLToPath(new URL("server-bare.ts", import.meta.url)), [bareSocket, constant])
  await once(bare, "message")
  const [bareUrl] = (await once(bare, "message")) as [string]
  const headers = { host: `127.0.0.1:${port}`, "x-evertoken-request": "1", authorization: `Bearer ${API_KEY}` }
  const tcp = (at: number) => ({ target: { host: "127.0.0.1", port: at }, headers })
  const onSocket = await compare(load, "a Unix socket", {
    bare: { target: { path: bareSocket }, headers: {} },
    server: { target: { path: place.socketPath }, headers: {} },
  })
  const onTcp = await compare(load, "TCP, with the API key", {
    bare: tcp(Number(new URL(bareUrl).port)),
    server: tcp(port),
  })
  bare.disconnect()
  return Math.max(onSocket, onTcp)
}

/** @returns how many times as long a request takes, or as its p99 is if that is more, in the median of the rounds. */
async function compare(
  load: LoadProcess,
  where: string,
  targets: { readonly bare: Target; readonly server: Target },
): Promise<number> {
  // both are compiled when it counts
  for (const target of [targets.bare, targets.server]) await load.round(target, 2_000)
  const roundMs = Number(values.seconds) * 1_000
  const bare: LoadReport[] = []
  const server: LoadReport[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    bare.push(await load.round(targets.bare, roundMs))
    server.push(await load.round(targets.server, roundMs))
  }
  const ratios = bare.map(({ perSecond }, round) => perSecond / (server[round]?.perSecond ?? NaN))
  const ratio = median(ratios)
  console.log(`GET /tokens/app over ${where}, medians of ${values.rounds} rounds\n`)
  console.log(
    "|                    | requests/s | p50 ms | p99 ms |\n| ------------------ | ---------: | -----: | -----: |",
  )
  for (const [name, reports] of [["bare fastify route", bare] as const, ["evertoken serve", server] as const]) {
    const of = (figure: keyof LoadReport) => median(reports.map((report) => report[figure]))
    const [perSecond, p50, p99] = [of("perSecond").toFixed(0), of("p50Ms").toFixed(2), of("p99Ms").toFixed(2)]
    console.log(`| ${name.padEnd(18)} | ${perSecond.padStart(10)} | ${p50.padStart(6)} | ${p99.padStart(6)} |`)
  }
  const shown = ratios.map((each) => each.toFixed(2)).join(", ")
  const p99 = median(server.map(({ p99Ms }, round) => p99Ms / (bare[round]?.p99Ms ?? NaN)))
  console.log(
    `\n${ratio.toFixed(2)} times the time of the bare route (${shown}), its p99 ${p99.toFixed(2)} times that of`,
  )
  console.log(`the bare route, in the median of the rounds; at most ${MOST} is wanted of both\n`)
  return Math.max(ratio, p99)
}

/** Clients that are there all the time, and a token that is renewed under them. */
async function remember(load: LoadProcess, app: object): Promise<void> {
  // it tells what is left after each collection
  await using served = await serve(app, ["--trace-gc"])
  const { place, server } = served
  const clients = Number(values.clients)
  const before = residentMb(server.pid)
  const report = await load.order({ crowd: { socketPath: place.socketPath, name: "app", clients } })
  console.log(`${"connected" in report ? report.connected : 0} clients connected: ${before} MB before them\n`)
  const until = Date.now() + Number(values.minutes) * 60_000
  const samples: number[] = []
  server.takeOutput()
  let renewals = 0
  while (Date.now() < until) {
    await place.ask("POST", "/tokens/app/refresh")
    renewals += 1
    await load.round({ target: { path: place.socketPath }, headers: {} }, 2_000)
    samples.push(residentMb(server.pid))
  }
  const told = await load.order({ told: true })
  const left = [...server.output.matchAll(/Mark-Compact.*?-> (\d+\.\d+)/g)].map(([, mb]) => Number(mb))
  const news = "told" in told ? told.told : 0
  console.log(`${renewals} renewals, each told to all of them (${news} news received), and 2 s of GETs after each\n`)
  console.log(`heap after each full collection (MB): ${left.join(" ") || "there was none"}`)
  console.log(`resident after each renewal (MB): ${samples.join(" ")}`)
}

function residentMb(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
  return Math.round(Number(kb) / 1_024)
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN
}
