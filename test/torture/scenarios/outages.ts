import { judge, requests, type Scenario } from "../scenario.js"

export const issuerDown: Scenario = {
  name: "issuer-down",
  title: "the issuer answers 500, the token is good for 4 more minutes",
  ok: "all five reads served",
  waits: true,
  async run(stage) {
    stage.server.answers.lifetimeSeconds = 252
    stage.server.answers.refreshInSeconds = 10
    return judge(await stage.run("issuer-down"), ({ served }) => {
      const sent = stage.server.requests.length
      return [served === 5, `${String(served)} of 5 reads served, ${requests(sent)}`]
    })
  },
}

export const retryAfter: Scenario = {
  name: "retry-after",
  title: "the issuer answers 429 with Retry-After: 60",
  ok: "one token request in three seconds, with 21 reads",
  waits: true,
  async run(stage) {
    return judge(await stage.run("retry-after"), () => {
      const sent = stage.server.requests.length
      return [sent === 1, sent === 1 ? requests(sent) : `${requests(sent)} in 3 seconds`]
    })
  },
}

export const hungIssuer: Scenario = {
  name: "hung-issuer",
  title: "the issuer never answers",
  ok: "who waits hears of it within 45 seconds (fetch and undici give up after 300), without a timeout of the caller's own",
  waits: true,
  async run(stage) {
    return judge(await stage.run("hung-issuer", 60_000), ({ ended, seconds }) => [
      ended === true,
      ended === true ? `rejected after ${String(seconds)} s` : `still waiting after ${String(seconds)} s`,
    ])
  },
}

export const nobodyWaits: Scenario = {
  name: "nobody-waits",
  title: "a renewal fails, and nobody waits for it",
  ok: "the process lives",
  waits: true,
  async run(stage) {
    stage.server.answers.lifetimeSeconds = 12
    return judge(await stage.run("nobody-waits", 60_000), () => [true, "the process lives"])
  },
}
