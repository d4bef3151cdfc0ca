import { readdir, readFile } from "node:fs/promises"
import { setTimeout as wait } from "node:timers/promises"
import type { CountingClock } from "./counting-clock.js"

/** What a process holds at one moment. */
export interface Sample {
  /** After a full garbage collection, in bytes. */
  readonly heapBytes: number
  readonly fileDescriptors: number
  /** Directories that the system is asked to tell of (inotify). */
  readonly watches: number
  /** The library's, those included that keep no process alive. */
  readonly timers: number
  /** What keeps its event loop busy, by type: sockets, watches, requests, timers. */
  readonly resources: Readonly<Record<string, number>>
}

const SETTLED_AFTER = 5
const LONGEST_WAITS = 100

/** Takes a sample once nothing moves any more: sockets that are being closed are no leak. */
export async function takeSample(clock: CountingClock): Promise<Sample> {
  let before = ""
  let same = 0
  for (let waits = 0; waits < LONGEST_WAITS && same < SETTLED_AFTER; waits++) {
    await wait(50)
    const now = JSON.stringify([await fileDescriptors(), await watches(), clock.pending, activeResources()])
    same = now === before ? same + 1 : 0
    before = now
  }
  if (globalThis.gc === undefined) throw new TypeError("start Node.js with --expose-gc")
  // the second one takes what finalizers of the first have let go
  globalThis.gc()
  await wait(10)
  globalThis.gc()
  const { heapUsed } = process.memoryUsage()
  return {
    heapBytes: heapUsed,
    fileDescriptors: await fileDescriptors(),
    watches: await watches(),
    timers: clock.pending,
    resources: activeResources(),
  }
}

async function fileDescriptors(): Promise<number> {
  // the directory itself is open while it is read
  return (await readdir("/proc/self/fd")).length - 1
}

async function watches(): Promise<number> {
  const names = await readdir("/proc/self/fdinfo")
  // one that was closed meanwhile watches nothing
  const texts = await Promise.all(names.map((name) => readFile(`/proc/self/fdinfo/${name}`, "utf8").catch(() => "")))
  return texts.join("\n").match(/^inotify /gm)?.length ?? 0
}

// those of the sampling itself
const OWN: ReadonlySet<string> = new Set(["FSReqPromise", "CloseReq"])

function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) if (!OWN.has(type)) counts[type] = (counts[type] ?? 0) + 1
  return counts
}
