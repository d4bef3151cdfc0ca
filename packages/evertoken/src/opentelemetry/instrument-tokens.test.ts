import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { SpanStatusCode } from "@opentelemetry/api"
import { expect, onTestFinished, test } from "vitest"
import { CachedTokenSource } from "../cached-token-source.js"
import { TokenError } from "../errors.js"
import { publish } from "../events.js"
import { MemoryTokenCache } from "../memory-token-cache.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { TokenSource } from "../token-source.js"
import { Token } from "../token.js"
import { instrumentTokens } from "./instrument-tokens.js"

const HOUR_MS = 3_600_000
const CANARY = "canary-access-token"

function instrumented({ attributes }: Pick<Parameters<typeof instrumentTokens>[0], "attributes"> = {}) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  const meters = new MeterProvider({ readers: [reader] })
  const spans = new InMemorySpanExporter()
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const stop = instrumentTokens({ meter: meters.getMeter("t"), tracer: tracers.getTracer("t"), attributes })
  onTestFinished(async () => {
    stop()
    await meters.shutdown()
    await tracers.shutdown()
  })
  /** What each instrument shows: attributes, and a value or how often. */
  async function shown() {
    exporter.reset()
    await meters.forceFlush()
    const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    return Object.fromEntries(
      metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name.replace("evertoken.", ""),
        dataPoints.map(({ attributes, value }) => [
          attributes,
          typeof value === "number" ? value : "count" in value ? value.count : 0,
        ]),
      ]),
    )
  }
  return { stop, shown, spans: () => spans.getFinishedSpans() }
}

/** Gives tokens until it is told to fail. */
function issuer(clock: VirtualClock) {
  const state = { failsWith: undefined as string | undefined }
  const source: TokenSource = {
    getToken: async () => {
      if (state.failsWith !== undefined)
        throw new TokenError("ERR_TOKEN_RESPONSE", state.failsWith, { transient: true })
      const issuedAt = clock.now()
      return new Token({
        accessToken: CANARY,
        issuedAt,
        staleAt: issuedAt + HOUR_MS / 2,
        expiresAt: issuedAt + HOUR_MS,
      })
    },
  }
  return { state, source }
}

test("a renewal is a count, a duration, an end and a root span; a failed one is told by its code", async () => {
  const { shown, spans } = instrumented()
  const clock = new VirtualClock({ now: 1_000_000 })
  const { state, source } = issuer(clock)
  const cached = new CachedTokenSource(source, { key: "billing", clock })
  const first = await cached.getToken()
  state.failsWith = CANARY
  await expect(cached.getToken({ newerThan: first })).rejects.toThrow()

  expect(await shown()).toMatchObject({
    renewals: [
      [{}, 1],
      [{ "error.type": "ERR_TOKEN_RESPONSE" }, 1],
    ],
    "renewal.duration": [[{}, 1]],
    "token.expiry": [[{}, 4_600]],
  })
  const [renewed, failed] = spans()
  expect([renewed?.name, renewed?.status.code, renewed?.parentSpanContext]).toEqual(["evertoken.renewal", 0, undefined])
  expect(renewed?.attributes).toEqual({ "evertoken.generation": 1, "evertoken.presentation": "first" })
  expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR })
  expect(failed?.attributes).toEqual({
    "error.type": "ERR_TOKEN_RESPONSE",
    "evertoken.attempt": 1,
    "evertoken.transient": true,
    "evertoken.presentation": "first",
  })
  expect(JSON.stringify([await shown(), spans().map(({ attributes, events }) => [attributes, events])])).not.toContain(
    CANARY,
  )
})

test("a token of another process is an adoption, and has its end, too; a sign-out has none", async () => {
  const { shown } = instrumented()
  const clock = new VirtualClock({ now: 1_000_000 })
  const caches = [new MemoryTokenCache({ clock })]
  await new CachedTokenSource(issuer(clock).source, { key: "billing", caches, clock }).getToken()
  await new CachedTokenSource(issuer(clock).source, { key: "billing", caches, clock }).getToken()
  publish("adopted", { key: "billing", generation: 2, expiresAt: undefined, cache: "memory" })
  expect(await shown()).toMatchObject({
    renewals: [[{}, 1]],
    adoptions: [[{ "evertoken.cache": "memory" }, 2]],
    "token.expiry": [[{}, 4_600]],
  })
})

test("nothing is told of keys but what the application says", async () => {
  const { shown, spans } = instrumented({ attributes: (key) => ({ tenant: key.slice(0, 3) }) })
  publish("renewed", { key: "a-1", generation: 1, expiresAt: 1_000, tookMs: 5 })
  publish("renewal-failed", { key: "b-1", code: "ERR_TOKEN_REQUEST", transient: true, attempt: 1, retryInMs: 1 })
  publish("waiting", { key: "c-1", what: "0123" })
  publish("unwritten", { key: "d-1", cache: "file", generation: 2 })
  const failure = { cache: "file", operation: "get", code: "ERR_TOKEN_CACHE", detail: CANARY }
  publish("cache-failed", { ...failure, key: "e-1" })
  publish("cache-failed", failure)
  const told = { "error.type": "ERR_TOKEN_CACHE", "evertoken.cache": "file", "evertoken.operation": "get" }
  expect(await shown()).toMatchObject({
    renewals: [
      [{ tenant: "a-1" }, 1],
      [{ tenant: "b-1", "error.type": "ERR_TOKEN_REQUEST" }, 1],
    ],
    "claim.waits": [[{ tenant: "c-1" }, 1]],
    unwritten: [[{ tenant: "d-1", "evertoken.cache": "file" }, 1]],
    "cache.failures": [
      [{ tenant: "e-1", ...told }, 1],
      [told, 1],
    ],
  })
  expect(spans().map(({ attributes }) => attributes["tenant"])).toEqual(["a-1", "b-1"])
})

test("what concerns no token in particular is counted", async () => {
  const { shown } = instrumented()
  publish("credentials-kept", { detail: "half written" })
  publish("lifetime-assumed", { defaultLifetimeMs: 300_000, reason: "absent" })
  publish("clock-stepped", { byMs: 3_000 })
  expect(await shown()).toMatchObject({
    "credentials.kept": [[{}, 1]],
    "lifetimes.assumed": [[{}, 1]],
    "clock.steps": [[{}, 1]],
  })
})

test("after its end nothing is told", async () => {
  const { stop, shown, spans } = instrumented()
  stop()
  publish("renewed", { key: "a", generation: 1, expiresAt: 1_000, tookMs: 5 })
  expect((await shown())["renewals"] ?? []).toEqual([])
  expect(spans()).toEqual([])
})

test("options that do nothing, or cannot be, are refused", () => {
  expect(() => instrumentTokens({})).toThrow("give a meter, a tracer, or both")
  const meter = new MeterProvider().getMeter("t")
  // @ts-expect-error -- as from JavaScript
  expect(() => instrumentTokens({ meter, attributes: {} })).toThrow("attributes must be a function")
  // @ts-expect-error -- as from JavaScript
  expect(() => instrumentTokens({ meters: meter })).toThrow("meters")
})
