import { CachedTokenSource, hashOf, onTokenEvent, TokenError, TokenWatcher, type Token } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { ClientCredentialsSource, RefreshTokenSource } from "evertoken/oauth2"
import type { SeenToken, WorkerCalls, WorkerConfig, WorkerMessage, WorkerRequest } from "./worker-protocol.js"

/** One process of many on the same store, driven over IPC by a `WorkerProcess`. */
let source: CachedTokenSource | undefined
let watcher: TokenWatcher | undefined
let last: Token | undefined

const calls: { [M in keyof WorkerCalls]: (...args: Parameters<WorkerCalls[M]>) => Promise<SeenToken | undefined> } = {
  async configure(config) {
    source = sourceOf(config)
    return Promise.resolve(undefined)
  },
  async getToken() {
    return seen(await configured().getToken())
  },
  async renew() {
    return seen(await configured().getToken({ newerThan: last }))
  },
  async haltAt(step, signal) {
    onTokenEvent("step", (event) => {
      if (event.step === step) process.kill(process.pid, signal)
    })
    return Promise.resolve(undefined)
  },
  async startWatcher() {
    watcher = await TokenWatcher.start(configured())
    watcher.token$.subscribe((token) => send({ token: seen(token) }))
    return seen(watcher.current())
  },
  async close() {
    await (watcher ?? source)?.close()
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
  void calls.close().then(() => process.exit(0))
})
onTokenEvent("step", ({ step }) => send({ step }))
onTokenEvent("waiting", () => send({ waiting: true }))

function sourceOf(config: WorkerConfig): CachedTokenSource {
  const {
    issuer,
    clientId,
    clientSecret,
    refreshToken,
    file,
    requestTimeoutMs = 10_000,
    minimumIntervalMs = 10_000,
  } = config
  const asked =
    clientSecret === undefined
      ? new RefreshTokenSource({ issuer, clientId, clientAuthentication: "none", refreshToken })
      : new ClientCredentialsSource({ issuer, clientId, clientSecret, scope: "api:read" })
  return new CachedTokenSource(asked, { caches: [new FileTokenCache(file)], requestTimeoutMs, minimumIntervalMs })
}

function configured(): CachedTokenSource {
  if (source === undefined) throw new TypeError("configure the worker first")
  return source
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
