import { judge, requests, type Scenario } from "../scenario.js"

export const fourMinutes: Scenario = {
  name: "four-minutes",
  title: "a token of 4 minutes, read 20 times",
  ok: "one token request, and all reads served",
  async run(stage) {
    stage.server.answers.lifetimeSeconds = 240
    return judge(await stage.run("four-minutes"), ({ served }) => {
      const sent = stage.server.requests.length
      return [sent === 1 && served === 20, requests(sent)]
    })
  },
}

export const thirtyDays: Scenario = {
  name: "thirty-days",
  title: "a token of 30 days, which no timer of Node.js can wait for",
  ok: "one token request",
  waits: true,
  async run(stage) {
    stage.server.answers.lifetimeSeconds = 30 * 24 * 3600
    return judge(await stage.run("thirty-days"), () => {
      const sent = stage.server.requests.length
      return [sent === 1, sent === 1 ? requests(sent) : `${requests(sent)} in 2 seconds`]
    })
  },
}

export const opaqueToken: Scenario = {
  name: "opaque-token",
  title: "an opaque token, read twice",
  ok: "one token request, and both reads served",
  async run(stage) {
    stage.server.answers.tokens = "opaque"
    return judge(await stage.run("opaque-token"), ({ served, error }) => {
      const sent = stage.server.requests.length
      const failed = error === undefined ? "" : `: ${String(error)}`
      return [sent === 1 && served === 2, `${requests(sent)}, ${String(served)} of 2 reads served${failed}`]
    })
  },
}
