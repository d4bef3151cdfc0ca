import { spread, time } from "../figures.js"
import { MeasuredProcess } from "../measured-process.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { spreadOf } from "../statistics.js"
import { EVERTOKEN } from "../subject.js"

const STARTED_AT_ONCE = 4

export const processes: Measurement = {
  name: "processes",
  about: "16 and 64 processes at once on one file, and no token yet: requests, and time until all have it",
  run,
}

async function run(setting: Setting): Promise<Findings> {
  const rows: string[][] = []
  for (const count of setting.quick ? [2] : [16, 64]) {
    const requests: number[] = []
    const nanoseconds: number[] = []
    const rounds = setting.quick ? 1 : 3
    for (let round = 1; round <= rounds; round++) {
      const met = await meet(count, setting)
      requests.push(met.requests)
      nanoseconds.push(met.ms * 1e6)
      setting.tell(`processes: round ${round} of ${rounds} with ${count}`)
    }
    rows.push([String(count), String(Math.max(...requests)), spread(spreadOf(nanoseconds), time)])
  }
  const head = ["processes", "requests for a token", "until the last one has it"]
  return { tables: [{ title: "Processes at once on one file, and no token yet", about: ABOUT, head, rows }] }
}

const ABOUT = `evertoken only: no other shares a token between processes, and each process asks for its own. From the moment when all of them,
already running, are told to read; they share the processors of one machine.`

async function meet(count: number, { server }: Setting): Promise<{ readonly requests: number; readonly ms: number }> {
  const settings = await server.settings()
  const all: MeasuredProcess[] = []
  try {
    while (all.length < count) {
      const some = Math.min(STARTED_AT_ONCE, count - all.length)
      all.push(...(await Promise.all(Array.from({ length: some }, () => MeasuredProcess.start(EVERTOKEN, server)))))
    }
    for (const one of all) await one.call("open", { kind: "shared", settings, cold: true })
    const before = server.requests
    const startedAt = performance.now()
    const met = await Promise.all(all.map((one) => one.call("cold", { what: "shared.read", callers: 1 })))
    const ms = performance.now() - startedAt
    if (met.some(({ served }) => served !== 1)) throw new Error("a process has no token")
    return { requests: server.requests - before, ms }
  } finally {
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()))
  }
}
