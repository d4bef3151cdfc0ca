import { judge, requests, type Scenario } from "../scenario.js"

export const coldCallers: Scenario = {
  name: "cold-callers",
  title: "1,000 callers, no token yet",
  ok: "one token request, and every caller has a token",
  async run(stage) {
    return judge(await stage.run("cold-callers", 60_000), ({ served, error }) => {
      const sent = stage.server.requests.length
      const failed = error === undefined ? "" : `, ${1_000 - Number(served)} failed: ${String(error)}`
      return [sent === 1 && served === 1_000, requests(sent) + failed]
    })
  },
}

export const twoScopes: Scenario = {
  name: "two-scopes",
  title: "two scopes at once",
  ok: "one token request for each scope, and every caller has the token of its scope",
  async run(stage) {
    return judge(await stage.run("two-scopes"), ({ right }) => {
      const sent = stage.server.requests.length
      return [sent === 2 && right === 20, `${requests(sent)}, ${String(right)} of 20 have the right token`]
    })
  },
}

export const lateRejections: Scenario = {
  name: "late-rejections",
  title: "50 requests rejected, half of them late",
  ok: "one token request, and all are accepted in the end; the token was in use for 11 seconds (evertoken replaces none that is younger than 10)",
  waits: true,
  async run(stage) {
    return judge(await stage.run("late-rejections", 60_000), ({ accepted }) => {
      const sent = stage.server.requests.length - 1
      return [sent === 1 && accepted === 50, `${requests(sent)}, ${String(accepted)} of 50 accepted`]
    })
  },
}
