// What every program begins with: the peer it runs, and how it tells what it saw.

export const settings = JSON.parse(process.env.TORTURE)
const peer = await import(settings.peer)

/** One line that the runner looks for. */
export function report(seen) {
  process.stdout.write(`\ntorture ${JSON.stringify(seen)}\n`)
}

/**
 * The peer's client of the first of these kinds that it has: `token` (gets tokens as the peer does it best), `refresh` (with a
 * refresh token), `api` (sends requests), `shared` (shares its token with other processes). With none of them, or where
 * the peer has nothing to do with one of the topics, the program ends.
 */
export async function client(kinds, topics = [kinds[0]]) {
  const kind = kinds.find((name) => typeof peer[name] === "function")
  const reason = topics.map((topic) => peer.without?.[topic]).find(Boolean)
  const [, options = {}] = peer.options?.[settings.withOptionsFor] ?? []
  if (kind !== undefined && reason === undefined) return peer[kind]({ ...settings, options })
  report({ missing: reason ?? "it has no such thing" })
  process.exit()
}

/** How each of these ended. */
export async function outcomes(promises) {
  const settled = await Promise.allSettled(promises)
  return {
    served: settled.filter(({ status, value }) => status === "fulfilled" && typeof value === "string").length,
    error: settled.find(({ status }) => status === "rejected")?.reason?.message?.slice(0, 200),
  }
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** How three reads ended, each after the access token of the one before it, which lasts a second. */
export async function threeReads(read) {
  let served = 0
  let error
  for (let i = 0; i < 3; i++) {
    if (i > 0) await wait(1_200)
    const outcome = await outcomes([read()])
    served += outcome.served
    error ??= outcome.error
  }
  return { served, error }
}

/** What the issuer answers from now on, or what its API does. */
export async function issuer(changes) {
  await fetch(`${settings.issuer}/control`, { method: "POST", body: JSON.stringify(changes) })
}

export const DOWN = { answer: { status: 500, error: "server_error" } }
