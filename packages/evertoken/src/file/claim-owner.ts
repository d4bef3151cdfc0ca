import { systemErrorCode } from "../errors.js"
import { threadStatus, type LocalIdentity, type ProcessIdentity } from "./process-identity.js"
import { own, parseObject } from "../stored-record.js"

/** What is written into a claim. */
export interface ClaimOwner extends ProcessIdentity {
  /** Random: one taking of one claim. */
  readonly flight: string
  /** It gave up on an outcome that nobody knows. */
  readonly abandoned: boolean
}

/** `unknown`: neither its process nor its end can be seen from here; only whether its heart beats. */
export type OwnerState = "alive" | "gone" | "unknown"

/** The claims that this thread holds. */
const liveFlights = new Set<string>()

export function beginFlight(flight: string): void {
  liveFlights.add(flight)
}

export function endFlight(flight: string): void {
  liveFlights.delete(flight)
}

/**
 * Whether the owner of a claim is alive: by pid, thread and start time within one boot and pid namespace; elsewhere only
 * that it is not there can be seen, and only on the same host.
 */
export async function stateOf(owner: ClaimOwner | undefined, observer: ProcessIdentity): Promise<OwnerState> {
  if (owner === undefined) return "unknown"
  if (owner.abandoned) return "gone"
  if (owner.instance === observer.instance) return liveFlights.has(owner.flight) ? "alive" : "gone"
  const { local } = owner
  if (local?.boot !== observer.local?.boot || local?.pidNamespace !== observer.local?.pidNamespace) return "unknown"
  if (local !== undefined) return stateByThread(owner.pid, local)
  const sameHost = owner.platform === observer.platform && owner.host === observer.host
  // such a platform may give the pid of a dead owner to another process: that it is there proves nothing
  return sameHost && owner.platform !== "linux" && !isThere(owner.pid) ? "gone" : "unknown"
}

async function stateByThread(pid: number, { thread, startTime }: LocalIdentity): Promise<OwnerState> {
  if (!isThere(pid)) return "gone"
  const status = await threadStatus(pid, thread)
  if (status !== undefined) return !status.ended && status.startTime === startTime ? "alive" : "gone"
  // no such thread; or /proc is mounted so that it hides processes, and then this one is not seen either
  const isVisible = (await threadStatus(pid, pid)) !== undefined
  return isVisible || !isThere(pid) ? "gone" : "alive"
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemErrorCode(error) !== "ESRCH"
  }
}

export function encodeOwner(owner: ClaimOwner, n: number): Buffer {
  return Buffer.from(`${JSON.stringify({ evertoken: 1, n, ...owner })}\n`)
}

/** Undefined: it was not written by this version, and says nothing about its owner. */
export function decodeOwner(bytes: Buffer | undefined): ClaimOwner | undefined {
  const data = bytes && parseObject(bytes)
  if (data === undefined || own(data, "evertoken") !== 1) return undefined
  const [instance, host, platform, flight] = ["instance", "host", "platform", "flight"].map((name) => own(data, name))
  const pid = own(data, "pid")
  if (!isText(instance) || !isText(host) || !isText(platform) || !isText(flight) || !isPid(pid)) return undefined
  const local = decodeLocal(own(data, "local"))
  return { instance, host, platform, flight, pid, local, abandoned: own(data, "abandoned") === true }
}

function decodeLocal(data: unknown): LocalIdentity | undefined {
  if (typeof data !== "object" || data === null) return undefined
  const [boot, pidNamespace] = [own(data, "boot"), own(data, "pidNamespace")]
  const [thread, startTime] = [own(data, "thread"), own(data, "startTime")]
  if (!isText(boot) || !isText(pidNamespace) || !isPid(thread) || typeof startTime !== "number") return undefined
  return { boot, pidNamespace, thread, startTime }
}

function isText(value: unknown): value is string {
  return typeof value === "string"
}

// kill(2): zero and negative numbers mean groups of processes, and larger ones are no pids: such a process would seem
// to be there for ever
function isPid(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31
}
