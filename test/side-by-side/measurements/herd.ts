import { spread, time } from "../figures.js"
import { MeasuredProcess } from "../measured-process.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { spreadOf } from "../statistics.js"
import { shownName, type Subject } from "../subject.js"

interface Herd {
  readonly subject: Subject
  readonly requests: number[]
  readonly ms: number[]
  readonly served: number[]
}

export const herd: Measurement = {
  name: "herd",
  about: "1,000 callers at once, and no token yet: requests to the issuer, and time until all have it",
  run,
}

async function run(setting: Setting): Promise<Findings> {
  const { subjects, quick, tell } = setting
  const callers = quick ? 50 : 1_000
  const herds: Herd[] = []
  for (const subject of subjects) {
    if (await keepsTokens(subject, setting)) herds.push({ subject, requests: [], ms: [], served: [] })
  }
  // a thousand requests at once take some of them many seconds
  const rounds = quick ? 1 : 3
  for (let round = 1; round <= rounds; round++) {
    for (const one of herds) {
      await meet(one, callers, setting)
      tell(`herd: ${one.subject.name}, round ${round} of ${rounds}`)
    }
  }
  const cells = new Map(herds.map((one) => [one.subject.name, `${requestsOf(one)}, ${time(medianNs(one))}`]))
  const rows = herds.map((one) => [
    shownName(one.subject),
    requestsOf(one),
    spread(spreadOf(one.ms.map(nanoseconds)), time),
    `${Math.min(...one.served)} of ${callers}`,
  ])
  const head = ["", "requests for a token", "until the last one has it", "served"]
  const title = `${callers.toLocaleString("en")} callers at once, and no token yet`
  const column = `${callers.toLocaleString("en")} callers, no token yet: requests to the issuer, time`
  return { columns: [{ title: column, cells }], tables: [{ title, about: ABOUT, head, rows }] }
}

const ABOUT = `In a new process each time; the issuer is discovered, if it is, in that time, too. Where a peer gives its token to requests
only, the callers send one each. A library that keeps no token is left out: there the application decides who asks.`

async function keepsTokens(subject: Subject, { server }: Setting): Promise<boolean> {
  await using process = await MeasuredProcess.start(subject, server)
  const settings = await server.settings()
  const opened = await process.call("open", { kind: "token", settings, cold: true })
  return opened.keepsTokens && opened.has.includes("read")
}

async function meet({ subject, requests, ms, served }: Herd, callers: number, { server }: Setting): Promise<void> {
  await using process = await MeasuredProcess.start(subject, server)
  await process.call("open", { kind: "token", settings: await server.settings(), cold: true })
  const before = server.requests
  const met = await process.call("cold", { what: "token.read", callers })
  requests.push(server.requests - before)
  ms.push(met.ms)
  served.push(met.served)
}

const requestsOf = ({ requests }: Herd) => spreadOf(requests).median.toLocaleString("en")
const medianNs = ({ ms }: Herd) => spreadOf(ms.map(nanoseconds)).median
const nanoseconds = (ms: number) => ms * 1e6
