import { SpanStatusCode, type Attributes, type Span, type Tracer } from "@opentelemetry/api"
import { systemClock } from "../clock.js"
import { onTokenEvent, type Presentation } from "../events.js"

/** @returns ends it. */
export function recordSpans(tracer: Tracer, attributesOf: (key: string) => Attributes): () => void {
  const sent = new Map<string, { readonly at: number; readonly presentation: Presentation | undefined }>()

  function span(key: string, startTime: number, attributes: Attributes): Span {
    return tracer.startSpan("evertoken.renewal", {
      root: true,
      startTime,
      attributes: { ...attributesOf(key), ...attributes },
    })
  }

  const subscriptions = [
    onTokenEvent("step", ({ key, step, presentation }) => {
      if (step === "sending") sent.set(key, { at: systemClock.now(), presentation })
    }),
    onTokenEvent("renewed", ({ key, tookMs, generation }) => {
      const now = systemClock.now()
      const attributes = { "evertoken.generation": generation, ...presented(sent.get(key)) }
      sent.delete(key)
      span(key, now - tookMs, attributes).end(now)
    }),
    onTokenEvent("renewal-failed", ({ key, code, transient, attempt }) => {
      const now = systemClock.now()
      const sending = sent.get(key)
      sent.delete(key)
      const failed = { "error.type": code, "evertoken.transient": transient, "evertoken.attempt": attempt }
      const failure = span(key, sending?.at ?? now, { ...failed, ...presented(sending) })
      failure.setStatus({ code: SpanStatusCode.ERROR })
      failure.end(now)
    }),
    // what was sent is nobody's business any more: another process had the answer
    onTokenEvent("adopted", ({ key }) => sent.delete(key)),
  ]
  return () => {
    for (const end of subscriptions) end()
  }
}

function presented(sending: { readonly presentation: Presentation | undefined } | undefined): Attributes {
  return sending?.presentation === undefined ? {} : { "evertoken.presentation": sending.presentation }
}
