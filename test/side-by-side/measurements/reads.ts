import { bytes, spread, time, times } from "../figures.js"
import { MeasuredProcess } from "../measured-process.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { ratioOf, spreadOf, type Spread } from "../statistics.js"
import { FLOOR, shownName, type Subject } from "../subject.js"
import type { Column } from "../table.js"

const KINDS = {
  current: "a token read, without waiting",
  get: "a token awaited",
  promise: "a promise awaited, and no look at the time",
} as const
type Kind = keyof typeof KINDS

interface Reader {
  readonly subject: Subject
  readonly process: MeasuredProcess
  readonly kinds: readonly Kind[]
}

interface Readings {
  readonly subject: Subject
  readonly kind: Kind
  readonly nanoseconds: number[]
  readonly bytes: number[]
}

export const reads: Measurement = {
  name: "reads",
  about: "what it costs to read a token that is at hand, and what that allocates",
  run,
}

async function run(setting: Setting): Promise<Findings> {
  const readers = await openAll(setting)
  try {
    return told(await measured(readers, setting))
  } finally {
    await Promise.all(readers.map(({ process }) => process[Symbol.asyncDispose]()))
  }
}

/** Those that give a token to who asks; the others give it to requests only. */
async function openAll({ subjects, server, tell }: Setting): Promise<Reader[]> {
  const readers: Reader[] = []
  for (const subject of subjects) {
    const process = await MeasuredProcess.start(subject, server)
    const { has } = await process.call("open", { kind: "token", settings: await server.settings() })
    const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => has.includes(kind))
    tell(`reads: ${subject.name} ${kinds.join(", ") || "gives its token to requests only"}`)
    if (kinds.length > 0) readers.push({ subject, process, kinds })
    else await process[Symbol.asyncDispose]()
  }
  return readers
}

async function measured(readers: readonly Reader[], { quick, tell }: Setting): Promise<readonly Readings[]> {
  const all = readers.flatMap(({ subject, process, kinds }) =>
    kinds.map((kind) => ({ subject, kind, process, nanoseconds: [] as number[], bytes: [] as number[] })),
  )
  const forMs = quick ? 5 : 50
  // what is compiled when it counts is compiled before
  for (const { process, kind } of all) await process.call("time", { what: `token.${kind}`, forMs: 4 * forMs })
  const rounds = quick ? 3 : 21
  for (let round = 1; round <= rounds; round++) {
    for (const one of all) {
      const { nanoseconds } = await one.process.call("time", { what: `token.${one.kind}`, forMs })
      one.nanoseconds.push(nanoseconds)
      one.bytes.push((await one.process.call("allocated", { what: `token.${one.kind}` })).bytes)
    }
    tell(`reads: round ${round} of ${rounds}`)
  }
  return all
}

function told(all: readonly Readings[]): Findings {
  const floorOf = (kind: Kind) => all.find((one) => one.subject === FLOOR && one.kind === kind)?.nanoseconds ?? []
  const rows = all.map((one) => {
    const took = spreadOf(one.nanoseconds)
    const floors = one.kind === "current" ? [floorOf("current")] : [floorOf("get"), floorOf("promise")]
    const ratios = floors.map((floor) => times(ratioOf(one.nanoseconds, floor)))
    const [ofFloor = "–", ofPromise = "–"] = ratios
    return [shownName(one.subject), KINDS[one.kind], spread(took, time), ofFloor, ofPromise, allocation(one)]
  })
  const about = `Medians, and in brackets the quarters, of rounds in turn. The floor is a field read and the time compared with its end;
awaited: then a promise that is always the same one. Bytes: what the heap has grown by. A look at the clock costs 16 of them in V8.`
  const head = ["", "what", "time", "times the floor", "times the bare promise", "allocated"]
  const table = { title: "Reading a token that is at hand", about, head, rows }
  return { columns: [columnOf(all, "current"), columnOf(all, "get"), allocations(all)], tables: [table] }
}

function columnOf(all: readonly Readings[], kind: "current" | "get"): Column {
  const ofKind = all.filter((one) => one.kind === kind)
  const floor = ofKind.find(({ subject }) => subject === FLOOR)?.nanoseconds ?? []
  const cell = ({ nanoseconds }: Readings) =>
    `${time(spreadOf(nanoseconds).median)}, ${times(ratioOf(nanoseconds, floor))}`
  const cells = new Map(ofKind.map((one) => [one.subject.name, cell(one)]))
  return { title: kind === "current" ? "a token read" : "a token awaited", cells }
}

/** Of the cheapest way that each has. */
function allocations(all: readonly Readings[]): Column {
  const cells = new Map<string, string>()
  for (const one of all.filter(({ kind }) => kind !== "promise")) {
    if (!cells.has(one.subject.name)) cells.set(one.subject.name, allocation(one))
  }
  return { title: "allocated per read", cells }
}

function allocation(one: Readings): string {
  const { median }: Spread = spreadOf(one.bytes)
  return bytes(median)
}
