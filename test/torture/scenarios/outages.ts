import { judge, type Scenario } from "../scenario.js"

export const issuerDown: Scenario = {
  name: "issuer-down",
  title: "the issuer answers 500, the token is good for 4 more minutes",
  ok: "all five reads served",
  async run(stage) {
    stage.server.answers.lifetimeSeconds = 240
    return judge(await stage.run("issuer-down"), ({ served }) => [served === 5, `${String(served)} of 5 reads served`])
  },
}
