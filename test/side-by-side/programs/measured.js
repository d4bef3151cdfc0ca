// A subject that is measured, in a process of its own: what it is asked for it does, one thing after the other.
import { argv } from "node:process"

import { requestToken } from "../../peers/token-request.js"
import { alone } from "./alone.js"

const subject = await import(argv[2])

// so long a loop takes that looking at the time does not count
const READS = 1_000
// less than a young generation has room for: no collection comes between
const ALLOCATED_BYTES = 400e3

/** What `open` gave: functions by kind and name, such as `token.get`. */
const client = {}

const methods = {
  /** Opens one of the subject's kinds of clients, and has it get its token unless it is to be `cold`. */
  async open({ kind, settings, cold = false }) {
    const { access_token } = kind.startsWith("bare") ? await requestToken(settings) : {}
    const opened = await subject[kind]?.({ ...settings, authorization: `Bearer ${access_token}` })
    const functions = kind === "wrapped" && opened !== undefined ? alone(opened, settings.api) : opened
    const has = Object.keys(functions ?? {}).filter((name) => typeof functions[name] === "function")
    for (const name of has) client[`${kind}.${name}`] = functions[name]
    const first = has.find((name) => ["get", "read", "call"].includes(name))
    if (first !== undefined && !cold) await functions[first]()
    return { has, keepsTokens: subject.without?.keeping === undefined }
  },

  /** What one call of `what` takes, awaited if it gives a promise. */
  async time({ what, forMs, atOnce = READS }) {
    const loop = await loopOf(what)
    let count = 0
    let elapsedMs = 0
    const startedAt = performance.now()
    do {
      await loop(client[what], atOnce)
      count += atOnce
      elapsedMs = performance.now() - startedAt
    } while (elapsedMs < forMs)
    return { nanoseconds: (elapsedMs * 1e6) / count }
  },

  /** What one call of `what` leaves on the heap, with what is done between two collections. */
  async allocated({ what }) {
    const loop = await loopOf(what)
    const measure = async (count) => {
      gc()
      const before = process.memoryUsage().heapUsed
      await loop(client[what], count)
      return (process.memoryUsage().heapUsed - before) / count
    }
    const about = await measure(10)
    return { bytes: await measure(Math.max(10, Math.round(ALLOCATED_BYTES / Math.max(about, 16)))) }
  },

  /** What one call of `what` takes with one of so many keys, drawn at random, each of which has its token. */
  async timeKeyed({ what, keys, forMs }) {
    const names = Array.from({ length: keys }, (_, n) => `scope-${n}`)
    for (const name of names) await client[what](name)
    let count = 0
    let elapsedMs = 0
    const startedAt = performance.now()
    do {
      // a prime, so that they come in no order
      for (let i = 0; i < 16; i++) await client[what](names[(count++ * 7919) % keys])
      elapsedMs = performance.now() - startedAt
    } while (elapsedMs < forMs)
    return { nanoseconds: (elapsedMs * 1e6) / count }
  },

  /** Callers who all come at once, when there is no token yet. */
  async cold({ what, callers }) {
    const startedAt = performance.now()
    const settled = await Promise.allSettled(Array.from({ length: callers }, () => client[what]()))
    const ms = performance.now() - startedAt
    return { ms, served: settled.filter(({ status }) => status === "fulfilled").length }
  },
}

const loops = new Map()

/** Each has a loop of its own, so that what is compiled for one is compiled for nothing else. */
async function loopOf(what) {
  const first = client[what]()
  const isAsync = typeof first?.then === "function"
  await first
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
