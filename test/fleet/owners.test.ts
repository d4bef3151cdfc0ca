import type { RenewalStep } from "evertoken"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { RealIssuer, type RealIssuerOptions } from "../issuer/real-issuer.js"
import { CompiledWorker } from "../processes/compiled-worker.js"
import { WorkerProcess } from "../processes/worker-process.js"
import type { WorkerConfig } from "../processes/worker-protocol.js"
import { SHARED_SERVERS, type SharedServer } from "./shared-servers.js"
import { STORE_NAME } from "./store-name.js"

const LEASE_MS = 3_000
const AHEAD_MS = 600_000

describe.each(Object.entries(SHARED_SERVERS))("processes that share %s", (kind, startServer) => {
  let server: SharedServer
  let compiled: CompiledWorker
  let issuer: RealIssuer
  const workers: WorkerProcess[] = []
  beforeAll(async () => {
    if (startServer === undefined) return
    server = await startServer()
    compiled = await CompiledWorker.make()
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker[Symbol.asyncDispose]()))
    await issuer.close()
  })
  afterAll(async () => {
    if (startServer === undefined) return
    await compiled[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  async function start(count: number, config: Partial<WorkerConfig> = {}): Promise<WorkerProcess[]> {
    const shared = { kind: server.kind, port: server.port, name: STORE_NAME, leaseMs: LEASE_MS }
    const { clientId, clientSecret } = issuer.clients.basic
    const grant = config.refreshToken === undefined ? { clientId, clientSecret } : issuer.clients.public
    const all = { issuer: issuer.url, ...grant, shared, ...config }
    const started = await WorkerProcess.startMany(count, all, compiled.program)
    workers.push(...started)
    return started
  }

  async function rotating(count: number, options: RealIssuerOptions = {}, config: Partial<WorkerConfig> = {}) {
    issuer = await RealIssuer.start(options)
    return start(count, { refreshToken: await issuer.issueRefreshToken(), ...config })
  }

  /** The survivor, once the owner of the claim was killed at `step`. */
  async function survivorOfDeathAt(step: RenewalStep, [owner, other]: readonly WorkerProcess[]) {
    if (owner === undefined || other === undefined) throw new Error("two workers are needed")
    await owner.call("getToken")
    await other.call("getToken")
    await owner.call("haltAt", step, "SIGKILL")
    await owner.call("renew").catch(() => undefined)
    expect((await owner.exited).signal).toBe("SIGKILL")
    return other
  }

  const uses = () => issuer.presentations.map(({ use }) => use)
  const ifThere = test.skipIf(startServer === undefined)

  ifThere("an owner killed with a request that may be repeated is followed by another, with one request", async () => {
    issuer = await RealIssuer.start()
    const other = await survivorOfDeathAt("sending", await start(2))
    expect((await other.call("renew")).generation).toBe(2)
    expect(issuer.requests.total).toBe(2)
  })

  ifThere("an owner killed before its mark is followed, and nothing is presented twice", async () => {
    const other = await survivorOfDeathAt("looked-again", await rotating(2))
    expect((await other.call("renew")).generation).toBe(2)
    expect(uses()).toEqual(["first", "first"])
  })

  ifThere("an owner killed between its mark and the issuer is followed by one last try", async () => {
    const workers = await rotating(2, { lifetimeSeconds: 4 }, { requestTimeoutMs: 1_000 })
    const other = await survivorOfDeathAt("marked", workers)
    expect((await other.call("renew")).generation).toBe(2)
    expect(uses()).toEqual(["first", "first"])
    expect(issuer.revokedFamilies).toBe(0)
  })

  ifThere("an owner killed once it has committed is followed without a request", async () => {
    const other = await survivorOfDeathAt("committed", await rotating(2))
    expect((await other.call("renew")).generation).toBe(2)
    expect(uses()).toEqual(["first", "first"])
  })

  // rows have no clock of their own
  const ifItHasAClock = test.skipIf(startServer === undefined || kind === "rows")
  ifItHasAClock(
    "hosts whose clocks differ by twice the lifetime of a token make one request for each renewal",
    async () => {
      issuer = await RealIssuer.start({ lifetimeSeconds: AHEAD_MS / 2_000 })
      const all = [...(await start(2)), ...(await start(2, { clockAheadMs: AHEAD_MS }))]
      for (const generation of [1, 2, 3]) {
        const seen = await Promise.all(all.map((worker) => worker.call(generation === 1 ? "getToken" : "renew")))
        expect(new Set(seen.map((token) => token.generation))).toEqual(new Set([generation]))
        expect(issuer.requests.total).toBe(generation)
      }
    },
  )
})
