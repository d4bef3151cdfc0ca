import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CachedTokenSource, onTokenEvent, Token, type RenewalStep, type TokenCache, type TokenSource } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { SHARED_SERVERS } from "../../fleet/shared-servers.js"
import { STORE_NAME } from "../../fleet/store-name.js"
import { openSharedStore } from "../../processes/shared-store.js"
import { spread, time } from "../figures.js"
import type { Findings, Measurement, Setting } from "../measurement.js"
import { spreadOf } from "../statistics.js"

/** What comes between the step before it and each. */
const STEPS: Readonly<Record<RenewalStep, string>> = {
  looked: "looked in the store",
  claimed: "claimed the right to ask",
  "looked-again": "looked once more",
  marked: "marked that it is about to be sent",
  sending: "about to send",
  answered: "the issuer's answer",
  committed: "committed: durable",
  released: "gave the claim back",
}

interface Store {
  readonly kind: string
  readonly tokens: CachedTokenSource
  readonly took: Map<RenewalStep | "all", number[]>
  readonly close: () => Promise<void>
}

export const steps: Measurement = {
  name: "steps",
  about: "a renewal shared by a file, by Redis and by PostgreSQL: time of each step",
  run,
}

async function run({ quick, tell }: Setting): Promise<Findings> {
  const stores = [await fileStore(), ...(await serverStores())]
  try {
    for (const { tokens } of stores) await tokens.getToken()
    const rounds = quick ? 3 : 200
    for (let round = 1; round <= rounds; round++) {
      for (const store of stores) await renew(store)
      if (round % 50 === 0) tell(`steps: round ${round} of ${rounds}`)
    }
  } finally {
    for (const { close } of stores) await close()
  }
  const rowOf = (step: RenewalStep | "all", shown: string) => [
    shown,
    ...stores.map(({ took }) => spread(spreadOf(took.get(step) ?? []), time)),
  ]
  const rows = Object.entries(STEPS).map(([step, shown]) => rowOf(step as RenewalStep, shown))
  const head = ["", ...stores.map(({ kind }) => kind)]
  const title = "A renewal that others share, step by step"
  return { tables: [{ title, about: ABOUT, head, rows: [...rows, rowOf("all", "**all of it**")] }] }
}

const ABOUT = `Of a refresh token that works once, which costs most: it is claimed, marked as sent, and durable before it is used. The issuer answers
at once, and nobody else wants the token. A file is synchronized with its disk at each step; Redis and PostgreSQL are on this machine, Redis
with \`appendfsync always\`, PostgreSQL with \`fsync off\`.`

async function renew({ kind, tokens, took }: Store): Promise<void> {
  const add = (step: RenewalStep | "all", ms: number) => took.set(step, [...(took.get(step) ?? []), ms * 1e6])
  const last = await tokens.getToken()
  const begunAt = performance.now()
  let before = begunAt
  let stop: (() => void) | undefined
  const released = new Promise<void>((resolve) => {
    stop = onTokenEvent("step", ({ key, step }) => {
      if (key !== kind) return
      const now = performance.now()
      add(step, now - before)
      before = now
      if (step === "released") resolve()
    })
  })
  await Promise.all([tokens.getToken({ newerThan: last }), released])
  add("all", before - begunAt)
  stop?.()
}

function storeOf(kind: string, cache: TokenCache, close: () => Promise<void>): Store {
  const tokens = new CachedTokenSource(rotating(), { caches: [cache], key: kind, minimumIntervalMs: 0 })
  const closeAll = async () => {
    await tokens.close()
    await close()
  }
  return { kind, tokens, took: new Map(), close: closeAll }
}

async function fileStore(): Promise<Store> {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-steps-"))
  const cache = new FileTokenCache(join(directory, "token.json"))
  return storeOf("a file", cache, () => rm(directory, { recursive: true, force: true }))
}

async function serverStores(): Promise<readonly Store[]> {
  const stores: Store[] = []
  for (const [kind, name] of [["redis", "Redis"] as const, ["postgres", "PostgreSQL"] as const]) {
    const server = await SHARED_SERVERS[kind]?.()
    if (server === undefined) continue
    const { cache, close } = await openSharedStore({ kind, port: server.port, name: STORE_NAME })
    const closeAll = async () => {
      await close()
      await server[Symbol.asyncDispose]()
    }
    stores.push(storeOf(name, cache, closeAll))
  }
  return stores
}

/** Each refresh token works once, and nothing is waited for. */
function rotating(): TokenSource {
  let issued = 0
  return {
    singleUse: true,
    async getToken() {
      const issuedAt = Date.now()
      const [accessToken, refreshToken] = ["access", "refresh"].map((kind) => `${kind}-${++issued}`.padEnd(40, "x"))
      const times = { issuedAt, staleAt: issuedAt + 2_700_000, expiresAt: issuedAt + 3_600_000 }
      return new Token({ accessToken: accessToken ?? "", refreshToken, ...times })
    },
  }
}
