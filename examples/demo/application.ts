/**
 * One of the processes of the demo: an application that needs a token all the time. It reads the current one a thousand
 * times a second and reports to its parent.
 */
import { createHash } from "node:crypto"
import { CachedTokenSource, onTokenEvent, TokenWatcher, type Token } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { ClientCredentialsSource } from "evertoken/oauth2"
import type { Assignment, Instruction, ProcessReport, ShownToken } from "./messages.js"

const READS_PER_TICK = 100
const TICK_MS = 100

const renewed = new Set<number>()
onTokenEvent("renewed", ({ generation }) => renewed.add(generation))

async function run({ issuer, clientId, clientSecret, file }: Assignment): Promise<() => Promise<void>> {
  const credentials = new ClientCredentialsSource({ issuer, clientId, clientSecret, scope: "api:read" })
  const watcher = await TokenWatcher.start(new CachedTokenSource(credentials, { caches: [new FileTokenCache(file)] }))
  const counts = { reads: 0, failedReads: 0, renewals: 0, adoptions: 0 }
  let token: ShownToken | undefined
  let state: Omit<ProcessReport, "token" | keyof typeof counts> = { status: "starting", failedAttempts: 0 }

  function report() {
    process.send?.({ ...state, ...counts, token } satisfies ProcessReport)
  }
  function read() {
    for (let i = 0; i < READS_PER_TICK; i++) {
      counts.reads += 1
      try {
        watcher.current()
      } catch {
        counts.failedReads += 1
      }
    }
  }

  watcher.token$.subscribe((newest) => {
    token = shown(newest)
    counts[token.from === "issuer" ? "renewals" : "adoptions"] += 1
    // what failed before it is over, even if the state that says so comes a moment later
    state = { ...state, failedAttempts: 0, lastError: undefined }
    report()
  })
  watcher.state$.subscribe(({ status, nextRenewalAt, attempts, lastError }) => {
    state = { status, nextRenewalAt, failedAttempts: attempts, lastError: lastError?.code }
  })
  const ticks = setInterval(() => {
    read()
    report()
  }, TICK_MS)
  return async () => {
    clearInterval(ticks)
    report()
    await watcher.close()
  }
}

function shown({ accessToken, version, issuedAt, staleAt, expiresAt }: Token): ShownToken {
  const fingerprint = createHash("sha256").update(accessToken).digest("hex").slice(0, 8)
  const generation = version?.generation ?? 0
  return { fingerprint, generation, issuedAt, staleAt, expiresAt, from: renewed.has(generation) ? "issuer" : "file" }
}

let running: Promise<() => Promise<void>> | undefined

async function end(): Promise<void> {
  const close = await running
  await close?.()
  process.exit()
}

// Ctrl-C reaches the whole group: the parent says when it is time
process.on("SIGINT", () => undefined)
process.on("disconnect", () => void end())
process.on("message", (instruction: Instruction) => {
  if (instruction === "close") void end()
  else running = run(instruction.start)
})
