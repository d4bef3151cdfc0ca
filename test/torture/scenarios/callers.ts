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
