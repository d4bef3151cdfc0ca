import type { Attributes, Meter, Tracer } from "@opentelemetry/api"
import { assertOptions, type OptionNames } from "../options-object.js"
import { recordMetrics } from "./token-metrics.js"
import { recordSpans } from "./renewal-spans.js"

/**
 * Where metrics and spans go, and by what tokens are told apart in them. Checked at once, never
 * changed.
 */
export interface InstrumentTokensOptions {
  /** `metrics.getMeter("evertoken")`, say. */
  readonly meter?: Meter | undefined
  /** `trace.getTracer("evertoken")`, say. */
  readonly tracer?: Tracer | undefined
  /**
   * What is told of a token, by its key in the caches. Default: nothing, since keys may be as many as users, and name them.
   * With it the metrics of several tokens are told apart.
   */
  readonly attributes?: ((key: string) => Attributes) | undefined
}

const NAMES: OptionNames<InstrumentTokensOptions> = { meter: true, tracer: true, attributes: true }

/**
 * Makes OpenTelemetry metrics and spans of the events of all tokens of this process, until the function returned is called.
 * No secret is among them. docs/operating.md of the repository lists them.
 *
 * A span `evertoken.renewal` is an attempt to renew a token: a root, since a renewal is nobody's in particular.
 * @throws TypeError naming the option.
 */
export function instrumentTokens(options: InstrumentTokensOptions): () => void {
  assertOptions("instrumentTokens", options, NAMES)
  const { meter, tracer, attributes = () => ({}) } = options
  if (meter === undefined && tracer === undefined) throw new TypeError("give a meter, a tracer, or both")
  if (typeof attributes !== "function") throw new TypeError("attributes must be a function")
  const ends = [meter && recordMetrics(meter, attributes), tracer && recordSpans(tracer, attributes)]
  return () => {
    for (const end of ends) end?.()
  }
}
