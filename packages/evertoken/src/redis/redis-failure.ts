import { systemErrorCode, TokenError } from "../errors.js"

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["OOM", "it is out of memory: raise its maxmemory"],
  ["READONLY", "it is a replica, which cannot be written: connect to the primary"],
  ["MISCONF", "it cannot save to its disk, and takes no writes: see its log"],
  ["LOADING", "it is starting"],
  ["BUSY", "it is busy with somebody's script"],
  ["NOAUTH", "it needs a password: give the client one"],
  ["WRONGPASS", "it refuses the user or the password of the client"],
  ["NOPERM", "its user is not permitted to do this: docs/stores.md of the repository lists what it needs"],
  ["WRONGTYPE", "something else is stored there: use another prefix"],
  ["MOVED", "it is a cluster: use the cluster client"],
  ["CLUSTERDOWN", "the cluster is down"],
  ["MASTERDOWN", "its primary is down"],
  ["NOREPLICAS", "it has too few replicas to take writes"],
  ["TRYAGAIN", "the cluster is moving its keys"],
])

/** What went wrong when talking to Redis. Nothing of the client's own error: it may have a command or an address in it. */
export function redisFailure(doing: string, error: unknown): TokenError {
  return failure(`cannot ${doing}: ${reasonOf(error)}`)
}

export function failure(message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `redis: ${message}`, { transient: true })
}

/** What only a person can mend. */
export function refusal(message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", `redis: ${message}`, { transient: false })
}

/** Whether the server does not know the script: it was restarted, or has never seen it. It has done nothing. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT")
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : ""
  // an error within a script has its code somewhere in the middle
  const code = (message.match(/\b[A-Z]{3,}\b/g) ?? []).find((word) => MEANINGS.has(word))
  if (code !== undefined) return `${code}, ${MEANINGS.get(code)}`
  if (/user .* can't run this command/.test(message)) return `NOPERM, ${MEANINGS.get("NOPERM")}`
  const system = systemErrorCode(error)
  if (system !== undefined && /^E[A-Z]+$/.test(system)) return `no connection (${system})`
  if (/is closed/i.test(message)) return "the client is closed: connect it"
  return "no answer that can be used"
}
