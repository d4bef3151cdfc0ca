import { setTimeout as wait } from "node:timers/promises"
import { judge, requests, type Scenario } from "../scenario.js"

const EXIT_LIMIT_MS = 10_000

export const processExit: Scenario = {
  name: "process-exit",
  title: "the program is over: does its process end?",
  ok: `the process exits by itself within ${EXIT_LIMIT_MS / 1_000} s, with code 0`,
  waits: true,
  async run(stage) {
    const run = await stage.run("process-exit", EXIT_LIMIT_MS)
    return judge(run, () => [
      run.exitCode === 0,
      run.timedOut ? `still there after ${EXIT_LIMIT_MS / 1_000} s` : `exit code ${String(run.exitCode)}`,
    ])
  },
}

export const secretsInErrors: Scenario = {
  name: "secrets-in-errors",
  title: "the grant is refused, and the error is logged",
  ok: "neither the client's secret nor the refresh token in it: inspected as by console.log, to a depth of 10, its JSON, its stack",
  async run(stage) {
    return judge(await stage.run("secrets-in-errors"), ({ found, foundDeep, depth, failed }) => {
      if (failed !== true) return [false, "no error"]
      if (found !== "") return [false, `${String(found)} in it`]
      if (foundDeep === undefined) return [true, "no secret"]
      return [false, `${String(foundDeep)} in it, from a depth of ${String(depth)} on`]
    })
  },
}

export const sixteenProcesses: Scenario = {
  name: "sixteen-processes",
  title: "16 processes start at once",
  ok: "one token request, and all 16 have a token",
  async run(stage) {
    const runs = await Promise.all(Array.from({ length: 16 }, () => stage.run("sixteen-processes", 60_000)))
    const served = runs.filter(({ seen }) => seen?.["served"] === 1).length
    const [first] = runs
    const sent = stage.server.requests.length
    if (first === undefined) throw new Error("no process ran")
    return judge(first, () => [sent === 1 && served === 16, `${requests(sent)}, ${served} of 16 have a token`])
  },
}

export const deadOwner: Scenario = {
  name: "dead-owner",
  title: "the process that renews for all is killed",
  ok: "the process that waits for it has a token within 30 s",
  async run(stage) {
    const { server } = stage
    server.answers.answer = "hang"
    const owner = stage.start("dead-owner")
    const isAsked = new AbortController()
    const { seen } = await Promise.race([owner.ended, asked(server.requests, isAsked.signal)])
    isAsked.abort()
    if (seen !== undefined) return judge(await owner.ended, () => [false, "the issuer was not asked"])
    const waiting = stage.run("dead-owner", 30_000)
    // it starts, and finds that another one is asking
    await wait(1_500)
    const before = server.requests.length
    server.answers.answer = "token"
    owner.kill()
    const killedAt = performance.now()
    const ended = await waiting
    const seconds = Math.ceil((performance.now() - killedAt) / 1_000)
    return judge(ended, ({ served }) => [
      served === 1 && before === 1,
      `${before === 1 ? "it waited, and" : "it did not wait;"} ${served === 1 ? `has a token within ${seconds} s` : "has none"}`,
    ])
  },
}

/** Somebody has asked the issuer, or nobody wants to know any more. */
async function asked(list: readonly unknown[], signal: AbortSignal): Promise<{ readonly seen: undefined }> {
  while (list.length === 0 && !signal.aborted) await wait(20)
  return { seen: undefined }
}
