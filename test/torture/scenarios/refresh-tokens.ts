import { judge, requests, type Scenario } from "../scenario.js"

export const rotatedRefreshToken: Scenario = {
  name: "rotated-refresh-token",
  title: "refresh tokens that work once",
  ok: "three reads and one by a second process served, no refresh token presented twice",
  waits: true,
  async run(stage) {
    const { server } = stage
    server.answers.refreshTokens = "rotated"
    server.answers.lifetimeSeconds = 1
    const first = await stage.run("rotated-refresh-token")
    // past the end of the first process's last token
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    const second = first.seen?.["missing"] === undefined ? await stage.run("read-once") : first
    return judge(first, ({ served }) => {
      const spent = server.spentRefreshTokens
      const after = second.seen?.["served"]
      const text = `${String(served)} of 3 reads served, ${after === 1 ? "1" : "0"} of 1 by the second process`
      return [
        served === 3 && after === 1 && spent === 0,
        spent === 0 ? text : `${text}, a spent token presented: ${spent} ×`,
      ]
    })
  },
}

export const noRefreshTokenInAnswer: Scenario = {
  name: "no-refresh-token-in-answer",
  title: "a refresh that brings no refresh token",
  ok: "three reads served",
  waits: true,
  async run(stage) {
    stage.server.answers.refreshTokens = "omitted"
    stage.server.answers.lifetimeSeconds = 1
    return judge(await stage.run("no-refresh-token-in-answer"), ({ served, error }) => [
      served === 3,
      `${String(served)} of 3 reads served${error === undefined ? `, ${requests(stage.server.requests.length)}` : `: ${String(error)}`}`,
    ])
  },
}
