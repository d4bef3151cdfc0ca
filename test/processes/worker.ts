import {
  CachedTokenSource,
  hashOf,
  onTokenEvent,
  TokenError,
  TokenWatcher,
  type RenewalStep,
  type Token,
} from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { ClientCredentialsSource, RefreshTokenSource } from "evertoken/oauth2"
import { Journal } from "./journal.js"
import { nameRequests, renewForEver } from "./renewing.js"
import { openSharedStore } from "./shared-store.js"
import type {
  HaltSignal,
  SeenToken,
  WorkerCalls,
  WorkerConfig,
  WorkerMessage,
  WorkerRequest,
} from "./worker-protocol.js"

/** One process of many on the same store, driven over IPC by a `WorkerProcess`. */
let configured: { readonly tokens: CachedTokenSource; readonly lineage: string } | undefined
let watcher: TokenWatcher | undefined
let last: Token | undefined
let trap: { readonly step: RenewalStep; readonly signal: HaltSignal; readonly until: number } | undefined
let journal: Journal | undefined

const calls: { [M in keyof WorkerCalls]: (...args: Parameters<WorkerCalls[M]>) => Promise<SeenToken | undefined> } = {
  async configure(config) {
    await close()
    setClockAhead(config.clockAheadMs ?? 0)
    configured = { tokens: await sourceOf(config), lineage: hashOf(config.refreshToken ?? "") }
    return undefined
  },
  async getToken() {
    return seen(await tokens().getToken())
  },
  async renew() {
    return seen(await tokens().getToken({ newerThan: last }))
  },
  async haltAt(step, signal, withinMs = Infinity) {
    trap = { step, signal, until: performance.now() + withinMs }
    return undefined
  },
  async keepRenewing({ journal: path, name, seed, restMs }) {
    const book = (journal = new Journal(path, name))
    book.write({ event: "started", pid: process.pid })
    nameRequests(book)
    const source = () => configured ?? notConfigured()
    void renewForEver({ journal: book, seed, restMs, source })
    return undefined
  },
  async startWatcher() {
    watcher = await TokenWatcher.start(tokens())
    const nowMs = () => performance.timeOrigin + performance.now()
    watcher.token$.subscribe((token) => send({ token: { ...seen(token), at: nowMs() } }))
    return seen(watcher.current())
  },
  async close() {
    await close()
    return undefined
  },
}

process.on("message", (request: WorkerRequest) => {
  const method = calls[request.method] as (...args: readonly unknown[]) => Promise<SeenToken | undefined>
  method(...request.args).then(
    (value) => send({ id: request.id, value }),
    (error: unknown) => send({ id: request.id, error: failureOf(error) }),
  )
})
process.on("disconnect", () => process.exit())
process.on("SIGTERM", () => {
  void close().then(() => process.exit(0))
})
onTokenEvent("step", (event) => {
  if (journal === undefined) send({ step: event.step })
  else journal.step(event)
  if (trap?.step !== event.step || performance.now() > trap.until) return
  const { step, signal } = trap
  trap = undefined
  journal?.write({ event: "halting", signal, step })
  process.kill(process.pid, signal)
})
onTokenEvent("waiting", () => {
  if (journal === undefined) send({ waiting: true })
})

async function sourceOf(config: WorkerConfig): Promise<CachedTokenSource> {
  const { issuer, clientId, clientSecret, refreshToken, file, shared } = config
  const { requestTimeoutMs = 10_000, claimTimeoutMs = 15_000, minimumIntervalMs = 10_000, maximumBackoffMs } = config
  const asked =
    clientSecret === undefined
      ? new RefreshTokenSource({ issuer, clientId, clientAuthentication: "none", refreshToken })
      : new ClientCredentialsSource({ issuer, clientId, clientSecret, scope: "api:read" })
  const caches = [
    ...(file === undefined ? [] : [new FileTokenCache(file)]),
    ...(shared === undefined ? [] : [(await openSharedStore(shared)).cache]),
  ]
  const backoff = { maximumMs: maximumBackoffMs }
  return new CachedTokenSource(asked, { caches, requestTimeoutMs, claimTimeoutMs, minimumIntervalMs, backoff })
}

const systemNow = Date.now

function setClockAhead(aheadMs: number): void {
  Date.now = () => systemNow() + aheadMs
}

async function close(): Promise<void> {
  if (configured === undefined) return
  journal?.write({ event: "closing" })
  await (watcher ?? configured.tokens).close()
  journal?.write({ event: "closed" })
}

function tokens(): CachedTokenSource {
  return configured?.tokens ?? notConfigured()
}

function notConfigured(): never {
  throw new TypeError("configure the worker first")
}

function seen(token: Token): SeenToken {
  last = token
  return { hash: hashOf(token.accessToken), generation: token.version?.generation ?? 0 }
}

function failureOf(error: unknown): { code: string; message: string } {
  if (error instanceof TokenError) return { code: error.code, message: error.message }
  return { code: "ERR_UNEXPECTED", message: String(error) }
}

function send(message: WorkerMessage): void {
  if (process.connected) process.send?.(message)
}
