// How undici, which sends the requests of two peers, is set for all of the process; each of them has an undici of its own.

/** With these more holds up, by scenario. */
export const dispatcherOptions = ({ Agent, RetryAgent }) => ({
  "hung-issuer": [
    "setGlobalDispatcher(new Agent({ headersTimeout: 10_000 }))",
    { dispatcher: () => new Agent({ headersTimeout: 10_000 }) },
  ],
  "retry-after": [
    "setGlobalDispatcher(new RetryAgent(new Agent(), …)), which keeps a Retry-After",
    { dispatcher: () => new RetryAgent(new Agent(), { methods: ["POST"], maxTimeout: 60_000 }) },
  ],
})
