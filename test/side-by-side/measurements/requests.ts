import { digits, spread, time, times } from "../figures.js"
import { MeasuredProcess } from "../measured-process.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { differenceOf, ratioOf, spreadOf, type Spread } from "../statistics.js"
import { shownName, type Subject } from "../subject.js"

/** A way to send requests with the token, the same without it, and what both are called. */
interface Way {
  readonly kind: string
  readonly bare: string
  readonly shown: string
}

const SENT: readonly Way[] = [
  { kind: "api.call", bare: "bare.call", shown: "a request" },
  { kind: "interceptor.call", bare: "bareInterceptor.call", shown: "a request by the interceptor" },
]
const ALONE: readonly Way[] = [
  { kind: "wrapped.dispatch", bare: "wrapped.bareDispatch", shown: "interceptor of undici" },
  { kind: "wrapped.fetch", bare: "wrapped.bareFetch", shown: "wrapper of fetch" },
]
const KINDS = ["api", "bare", "interceptor", "bareInterceptor", "wrapped"]

interface Sender {
  readonly subject: Subject
  readonly process: MeasuredProcess
  readonly way: Way
  readonly nanoseconds: number[]
  readonly bare: number[]
}

export const requests: Measurement = {
  name: "requests",
  about: "what a token adds to a request, over the same request with a fixed header",
  run,
}

async function run(setting: Setting): Promise<Findings> {
  const processes: MeasuredProcess[] = []
  const senders: Sender[] = []
  try {
    for (const subject of setting.subjects) {
      const process = await MeasuredProcess.start(subject, setting.server)
      processes.push(process)
      for (const way of await waysOf(process, setting))
        senders.push({ subject, process, way, nanoseconds: [], bare: [] })
    }
    await measure(senders, setting)
    return told(senders)
  } finally {
    await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()))
  }
}

async function waysOf(process: MeasuredProcess, { server }: Setting): Promise<readonly Way[]> {
  const settings = await server.settings()
  const all = new Set<string>()
  for (const kind of KINDS) {
    const { has } = await process.call("open", { kind, settings })
    for (const name of has) all.add(`${kind}.${name}`)
  }
  return [...SENT, ...ALONE].filter(({ kind, bare }) => all.has(kind) && all.has(bare))
}

const isAlone = ({ way }: Sender) => ALONE.includes(way)

async function measure(senders: readonly Sender[], setting: Setting): Promise<void> {
  await inTurn(
    senders.filter((sender) => !isAlone(sender)),
    OF_SENT,
    setting,
  )
  await inTurn(senders.filter(isAlone), OF_ALONE, setting)
}

/** How often, how long each time, and how many calls between two looks at the clock. */
interface Rounds {
  readonly rounds: number
  readonly forMs: number
  readonly atOnce: number
}

// what a machine does beside it is a hundred times what is looked for: many short rounds tell more than a few long ones
const OF_SENT: Rounds = { rounds: 301, forMs: 10, atOnce: 10 }
const OF_ALONE: Rounds = { rounds: 41, forMs: 60, atOnce: 1_000 }
const WARM_MS = 480

async function inTurn(senders: readonly Sender[], of: Rounds, { quick, tell }: Setting): Promise<void> {
  const { rounds, forMs, atOnce } = quick ? { ...of, rounds: 3, forMs: 5 } : of
  const timeOf = async ({ process }: Sender, what: string, ms: number) =>
    (await process.call("time", { what, forMs: ms, atOnce })).nanoseconds
  for (const sender of senders) {
    await timeOf(sender, sender.way.kind, quick ? forMs : WARM_MS)
    await timeOf(sender, sender.way.bare, quick ? forMs : WARM_MS)
  }
  for (let round = 1; round <= rounds; round++) {
    for (const sender of senders) {
      const isBareFirst = round % 2 === 0
      if (isBareFirst) sender.bare.push(await timeOf(sender, sender.way.bare, forMs))
      sender.nanoseconds.push(await timeOf(sender, sender.way.kind, forMs))
      if (!isBareFirst) sender.bare.push(await timeOf(sender, sender.way.bare, forMs))
    }
    tell(`requests: round ${round} of ${rounds}`)
  }
}

function told(senders: readonly Sender[]): Findings {
  const rowOf = ({ subject, way, nanoseconds, bare }: Sender) => [
    shownName(subject),
    way.shown,
    time(spreadOf(bare).median),
    spread(differenceOf(nanoseconds, bare), time),
    times(ratioOf(nanoseconds, bare)),
  ]
  const head = ["", "what", "bare", "added", "times the bare"]
  const sent = senders.filter((sender) => !isAlone(sender))
  const cells = new Map<string, string>()
  for (const { subject, nanoseconds, bare } of sent) {
    const added = addedText(differenceOf(nanoseconds, bare))
    const first = cells.get(subject.name)
    cells.set(subject.name, first === undefined ? added : `${first} by fetch, ${added} by the interceptor`)
  }
  const tables = [
    { title: "What a token adds to a request", about: ABOUT_SENT, head, rows: sent.map(rowOf) },
    { title: "What sends with a token, alone", about: ABOUT_ALONE, head, rows: senders.filter(isAlone).map(rowOf) },
  ]
  return { columns: [{ title: "added per request (µs)", cells }], tables }
}

/** In microseconds; where it may be nothing as well, what it is less than. */
function addedText({ median, low, high }: Spread): string {
  if (low > 0) return digits(median / 1e3)
  return high > 0 ? `< ${digits(high / 1e3)}` : "not seen"
}

const ABOUT_SENT = `One request after the other, over TLS on loopback, the connection kept. Bare is the same client with a fixed header, in the same
process, in turn, in many short rounds. In brackets: between what the median of endlessly many rounds lies, 19 times of 20.
evertoken has two: the wrapper of fetch, and the interceptor of undici.`

const ABOUT_ALONE = `Over a dispatcher, or a fetch, that answers at once: what is left is what they take themselves. In brackets as above.`
