import type { FleetReport } from "evertoken/testing"

/** What became of a request, as a chart draws them: the later before the earlier. */
export const KINDS = ["unanswered", "granted", "rejected"] as const
export type Kind = (typeof KINDS)[number]

/** How many requests of each kind there were. */
export type Rates = Readonly<Record<Kind, number>>

/**
 * Cuts the time into so many spans, and gives what reached the issuer in the busiest second of each. What did not reach
 * it has a busiest second of its own.
 */
export function busiestSeconds({ perSecond }: Pick<FleetReport, "perSecond">, spans: number): Rates[] {
  const { granted, rejected, unanswered } = perSecond
  return Array.from({ length: spans }, (_, span) => {
    const from = Math.floor((span * granted.length) / spans)
    const to = Math.max(from + 1, Math.floor(((span + 1) * granted.length) / spans))
    const busiest = { granted: 0, rejected: 0, unanswered: 0 }
    for (let second = from; second < to; second++) {
      const [tokens = 0, refusals = 0] = [granted[second], rejected[second]]
      if (tokens + refusals > busiest.granted + busiest.rejected) {
        busiest.granted = tokens
        busiest.rejected = refusals
      }
      busiest.unanswered = Math.max(busiest.unanswered, unanswered[second] ?? 0)
    }
    return busiest
  })
}
