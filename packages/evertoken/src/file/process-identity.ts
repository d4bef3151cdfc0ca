import { readlinkSync } from "node:fs"
import fs from "node:fs/promises"
import { hostname } from "node:os"
import { randomId } from "../random.js"
import { hashOf } from "../token-source.js"

/** Who this process is to others. The main thread and each worker are processes of their own here. */
export interface ProcessIdentity {
  /** Random: this thread of this process, and no other. */
  readonly instance: string
  readonly host: string
  readonly platform: string
  readonly pid: number
  /** Linux: the boot of the kernel and the pid namespace, in which pid, thread and start time name one thread. */
  readonly local?: LocalIdentity | undefined
}

export interface LocalIdentity {
  readonly boot: string
  readonly pidNamespace: string
  readonly thread: number
  /** In clock ticks since the boot. */
  readonly startTime: number
}

let known: Promise<ProcessIdentity> | undefined

export function currentProcess(): Promise<ProcessIdentity> {
  known ??= identify()
  return known
}

async function identify(): Promise<ProcessIdentity> {
  const { pid, platform } = process
  return { instance: randomId(), host: hostname(), platform, pid, local: await identifyLocally() }
}

async function identifyLocally(): Promise<LocalIdentity | undefined> {
  if (process.platform !== "linux") return undefined
  try {
    // synchronous, since an asynchronous call would find the thread pool; procfs does not block
    const [pid, , thread] = readlinkSync("/proc/thread-self").split("/").map(Number)
    if (pid !== process.pid || thread === undefined) return undefined // this /proc is another namespace's
    const boot = (await fs.readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim()
    const pidNamespace = await fs.readlink("/proc/self/ns/pid")
    const status = await threadStatus(pid, thread)
    return status && { boot, pidNamespace, thread, startTime: status.startTime }
  } catch {
    return undefined
  }
}

export interface ThreadStatus {
  readonly startTime: number
  /** It has ended, and its parent has not noticed yet. */
  readonly ended: boolean
}

/** proc_pid_stat(5): fields 3 and 22, after a name that may contain anything. Undefined: it cannot be read. */
export async function threadStatus(pid: number, thread: number): Promise<ThreadStatus | undefined> {
  try {
    const text = await fs.readFile(`/proc/${pid}/task/${thread}/stat`, "utf8")
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return { ended: fields[0] === "Z" || fields[0] === "X", startTime: Number(fields[19]) }
  } catch {
    return undefined
  }
}

/** The name of the marker by which a process tells that its pids mean nothing to others, or theirs to it. */
export function namespaceMarker({ host, platform, local }: ProcessIdentity): string {
  const parts = local === undefined ? [platform, host] : [local.boot, local.pidNamespace]
  return `${NAMESPACE_PREFIX}${hashOf(parts.join())}`
}

/** How those markers begin. */
export const NAMESPACE_PREFIX = "ns-"
