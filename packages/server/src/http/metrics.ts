import { onTokenEvent } from "evertoken"
import type { FastifyInstance } from "fastify"
import { Counter, Gauge, Histogram, Registry } from "prom-client"
import { RequestDurations } from "./request-durations.js"
import { tokenStatus, type TokenStatus } from "../tokens/token-status.js"
import type { TokenRegistry } from "../tokens/token-registry.js"

const STATUSES = tokenStatus.shape.status.options
const MOMENTS = { expires_at: "expiresAt", stale_at: "staleAt", next_renewal_at: "nextRenewalAt" } as const

/**
 * What Prometheus reads. Labels are names of the configuration, routes, methods, statuses and error codes: a bounded number, and
 * no secret among them.
 */
export class Metrics implements Disposable {
  readonly #tokens: TokenRegistry
  readonly #registry = new Registry()
  readonly #unsubscribe: readonly (() => void)[]

  readonly #status = new Gauge({
    name: "evertoken_token_status",
    help: "1 for the status that the token has.",
    labelNames: ["name", "status"],
    registers: [this.#registry],
  })
  readonly #moments = Object.entries(MOMENTS).map(([metric, field]) => ({
    field,
    gauge: new Gauge({
      name: `evertoken_token_${metric}_seconds`,
      help: "Seconds since the epoch.",
      labelNames: ["name"],
      registers: [this.#registry],
    }),
  }))
  readonly #renewals = new Counter({
    name: "evertoken_renewals_total",
    help: "Tokens that came from the issuer.",
    labelNames: ["name"],
    registers: [this.#registry],
  })
  readonly #failures = new Counter({
    name: "evertoken_renewal_failures_total",
    help: "Attempts that brought none.",
    labelNames: ["name", "code"],
    registers: [this.#registry],
  })
  readonly #renewalDuration = new Histogram({
    name: "evertoken_renewal_duration_seconds",
    help: "How long renewals took that succeeded.",
    registers: [this.#registry],
  })
  readonly #requestDurations = new RequestDurations()

  constructor(tokens: TokenRegistry) {
    this.#tokens = tokens
    this.#unsubscribe = [
      onTokenEvent("renewed", ({ key, tookMs }) => {
        if (tokens.find(key) === undefined) return
        this.#renewals.inc({ name: key })
        this.#renewalDuration.observe(tookMs / 1_000)
      }),
      onTokenEvent("renewal-failed", ({ key, code }) => {
        if (tokens.find(key) !== undefined) this.#failures.inc({ name: key, code })
      }),
    ]
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** Counts each request of a server that is answered. */
  countRequests(app: FastifyInstance): void {
    app.addHook(
      "onResponse",
      ({ method, routeOptions: { url: route = "none" } }, { statusCode: status, elapsedTime }, done) => {
        this.#requestDurations.observe({ route, method, status }, elapsedTime / 1_000)
        done()
      },
    )
  }

  async text(): Promise<string> {
    this.#status.reset()
    for (const { gauge } of this.#moments) gauge.reset()
    for (const { status } of this.#tokens.all) this.#show(status)
    for (const counter of [this.#renewals, this.#failures]) await this.#forgetRemoved(counter)
    return `${await this.#registry.metrics()}\n${this.#requestDurations.text()}`
  }

  [Symbol.dispose](): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  #show(token: TokenStatus): void {
    const { name } = token
    for (const status of STATUSES) this.#status.set({ name, status }, status === token.status ? 1 : 0)
    for (const { gauge, field } of this.#moments) {
      const moment = token[field]
      if (moment !== undefined) gauge.set({ name }, moment / 1_000)
    }
  }

  async #forgetRemoved(counter: Counter<"name"> | Counter<"name" | "code">): Promise<void> {
    for (const { labels } of (await counter.get()).values) {
      if (this.#tokens.find(String(labels.name)) === undefined) counter.remove(labels)
    }
  }
}
