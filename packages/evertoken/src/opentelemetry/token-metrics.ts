import type { Attributes, Meter } from "@opentelemetry/api"
import { onTokenEvent } from "../events.js"

/** @returns ends it. */
export function recordMetrics(meter: Meter, attributesOf: (key: string) => Attributes): () => void {
  const counter = (name: string, description: string) => meter.createCounter(`evertoken.${name}`, { description })
  const renewals = counter("renewals", "Attempts to renew a token; error.type: it failed.")
  const duration = meter.createHistogram("evertoken.renewal.duration", {
    description: "From the request to the issuer to a token that is kept.",
    unit: "s",
  })
  const expiry = meter.createGauge("evertoken.token.expiry", {
    description: "When the newest token ends, in seconds since the epoch.",
    unit: "s",
  })
  const adoptions = counter("adoptions", "Tokens of other processes that were taken over.")
  const waits = counter("claim.waits", "Times another process was asking the issuer already.")
  const cacheFailures = counter("cache.failures", "Uses of a cache that failed.")
  const unwritten = counter("unwritten", "New tokens that could not be written yet.")
  const credentialsKept = counter(
    "credentials.kept",
    "Requests with old certificates or keys: new ones cannot be used.",
  )
  const lifetimesAssumed = counter("lifetimes.assumed", "Tokens of which the issuer did not say how long they last.")
  const clockSteps = counter("clock.steps", "Times the wall clock was set, or the machine slept.")

  const subscriptions = [
    onTokenEvent("renewed", ({ key, expiresAt, tookMs }) => {
      const attributes = attributesOf(key)
      renewals.add(1, attributes)
      duration.record(tookMs / 1_000, attributes)
      expiry.record(expiresAt / 1_000, attributes)
    }),
    onTokenEvent("renewal-failed", ({ key, code }) => renewals.add(1, { ...attributesOf(key), "error.type": code })),
    onTokenEvent("adopted", ({ key, cache, expiresAt }) => {
      const attributes = attributesOf(key)
      adoptions.add(1, { ...attributes, "evertoken.cache": cache })
      if (expiresAt !== undefined) expiry.record(expiresAt / 1_000, attributes)
    }),
    onTokenEvent("waiting", ({ key }) => waits.add(1, attributesOf(key))),
    onTokenEvent("cache-failed", ({ key, cache, operation, code }) =>
      cacheFailures.add(1, {
        ...(key === undefined ? {} : attributesOf(key)),
        "evertoken.cache": cache,
        "evertoken.operation": operation,
        "error.type": code,
      }),
    ),
    onTokenEvent("unwritten", ({ key, cache }) => unwritten.add(1, { ...attributesOf(key), "evertoken.cache": cache })),
    onTokenEvent("credentials-kept", () => credentialsKept.add(1)),
    onTokenEvent("lifetime-assumed", () => lifetimesAssumed.add(1)),
    onTokenEvent("clock-stepped", () => clockSteps.add(1)),
  ]
  return () => {
    for (const end of subscriptions) end()
  }
}
