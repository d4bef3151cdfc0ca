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
