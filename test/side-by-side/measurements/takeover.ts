import { takeoverCases, takeoverMs } from "../../bench/takeover-cases.js"
import { spread, time } from "../figures.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { spreadOf } from "../statistics.js"

export const takeover: Measurement = {
  name: "takeover",
  about: "the process that renews for all is killed: time until the one that waits for it has renewed",
  run,
}

async function run({ quick, tell }: Setting): Promise<Findings> {
  const measured = takeoverCases.map((one) => ({ one, nanoseconds: [] as number[] }))
  const rounds = quick ? 1 : 15
  for (let round = 1; round <= rounds; round++) {
    for (const { one, nanoseconds } of measured) nanoseconds.push((await takeoverMs(one)) * 1e6)
    tell(`takeover: round ${round} of ${rounds}`)
  }
  const rows = measured.map(({ one, nanoseconds }) => [one.name, spread(spreadOf(nanoseconds), time)])
  const head = ["", "until the other has renewed"]
  return { tables: [{ title: "The process that renews for all is killed", about: ABOUT, head, rows }] }
}

const ABOUT = `evertoken only: no other shares a token between processes. From SIGKILL to the new token, two processes on one file.`
