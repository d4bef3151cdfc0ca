// A subject that is measured, in a process of its own: what it is asked for it does, one thing after the other.
import { argv } from "node:process"

const subject = await import(argv[2])

// so long a loop takes that looking at the time does not count
const READS = 1_000
// what is allocated by as much is seen, and no collection comes between
const ALLOCATED_BYTES = 8e6

/** What `open` gave: functions by name. */
let client = {}

const methods = {
  /** Opens one of the subject's kinds of clients, and has it get its token. */
  async open({ kind, settings }) {
    client = typeof subject[kind] === "function" ? await subject[kind](settings) : {}
    const has = Object.keys(client).filter((name) => typeof client[name] === "function")
    const first = client.get ?? client.read ?? client.call
    await first?.()
    return { has }
  },

  /** What one call of `what` takes, awaited if it gives a promise. */
  async time({ what, forMs }) {
    const loop = loopOf(what)
    let count = 0
    let elapsedMs = 0
    const startedAt = performance.now()
    do {
      await loop(client[what], READS)
      count += READS
      elapsedMs = performance.now() - startedAt
    } while (elapsedMs < forMs)
    return { nanoseconds: (elapsedMs * 1e6) / count }
  },

  /** What one call of `what` leaves on the heap, with what is done between two collections. */
  async allocated({ what }) {
    const loop = loopOf(what)
    const measure = async (count) => {
      gc()
      const before = process.memoryUsage().heapUsed
      await loop(client[what], count)
      return (process.memoryUsage().heapUsed - before) / count
    }
    const about = await measure(READS)
    return { bytes: await measure(Math.min(100_000, Math.max(100, Math.round(ALLOCATED_BYTES / Math.max(about, 1))))) }
  },

  /** Callers who all come at once, when there is no token yet. */
  async cold({ callers }) {
    const startedAt = performance.now()
    const settled = await Promise.allSettled(Array.from({ length: callers }, () => client.read()))
    const ms = performance.now() - startedAt
    return { ms, served: settled.filter(({ status }) => status === "fulfilled").length }
  },
}

const loops = new Map()

/** Each has a loop of its own, so that what is compiled for one is compiled for nothing else. */
function loopOf(what) {
  const isAsync = typeof client[what]()?.then === "function"
  if (!loops.has(what)) loops.set(what, newLoop(isAsync))
  return loops.get(what)
}

function newLoop(isAsync) {
  const name = isAsync ? "async function" : "function"
  const value = isAsync ? "await call()" : "call()"
  const body = `for (let i = 0; i < count; i++) if (${value} === undefined) throw new Error("there is no token")`
  return new Function(`return ${name} (call, count) { ${body} }`)()
}

process.on("message", ({ method, options }) => {
  methods[method](options).then(
    (value) => process.send({ value }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  )
})
process.on("disconnect", () => process.exit())
process.send("ready")
