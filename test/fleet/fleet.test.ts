import { describe, expect, test } from "vitest"
import type { SeenToken } from "../processes/worker-protocol.js"
import { Fleet, type FleetOptions } from "./fleet.js"
import { SHARED_SERVERS, type SharedServer } from "./shared-servers.js"

const QUICK = { requestTimeoutMs: 1_000, maximumBackoffMs: 500 }

describe.each(Object.entries(SHARED_SERVERS))("a fleet that shares %s", (_, startServer) => {
  const start = async (options: FleetOptions) => Fleet.start(await serverBy(startServer), options)

  test.skipIf(startServer === undefined)(
    "32 processes on 4 hosts make one request, and one for each renewal",
    async () => {
      await using fleet = await start({ hosts: 4, processesPerHost: 8 })
      const first = await all(fleet, "getToken")
      expect(fleet.workers).toHaveLength(32)
      expect(generationsOf(first)).toEqual([1])
      expect(fleet.issuer.requests.total).toBe(1)
      for (let generation = 2; generation <= 4; generation++) {
        expect(generationsOf(await all(fleet, "renew"))).toEqual([generation])
        expect(fleet.issuer.requests.total).toBe(generation)
      }
    },
  )

  test.skipIf(startServer === undefined)(
    "a refresh token that works once is presented once, by whichever host",
    async () => {
      await using fleet = await start({ hosts: 4, processesPerHost: 2, rotating: true })
      await all(fleet, "getToken")
      for (let generation = 2; generation <= 20; generation++) {
        expect(generationsOf(await all(fleet, "renew"))).toEqual([generation])
      }
      expect(fleet.issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
      expect(fleet.issuer.presentations).toHaveLength(20)
    },
  )

  test.skipIf(startServer === undefined)(
    "half of it cut off: all go on with what they have, and nothing is presented twice",
    async () => {
      await using fleet = await start({ hosts: 2, processesPerHost: 2, rotating: true, worker: QUICK })
      await all(fleet, "getToken")
      const [cut, connected] = fleet.hosts
      if (cut === undefined || connected === undefined) throw new Error("two hosts are needed")
      cut.way.hang()
      const [worker] = connected.workers
      await worker?.call("renew")
      const renewed = await worker?.call("renew")
      const atHand = await Promise.all(cut.workers.map((one) => one.call("getToken")))
      expect(generationsOf(atHand)).toEqual([1])
      await expect(cut.workers[0]?.call("renew")).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE" })
      cut.way.heal()
      expect(await catchesUp(cut.workers[0], renewed)).toBe(true)
      expect(fleet.issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
      expect(fleet.issuer.presentations).toHaveLength(3)
    },
  )

  test.skipIf(startServer === undefined)(
    "what may be asked for twice is renewed by each one that is cut off, in memory",
    async () => {
      await using fleet = await start({ hosts: 2, processesPerHost: 2, worker: QUICK })
      await all(fleet, "getToken")
      for (const { way } of fleet.hosts) way.refuse()
      await all(fleet, "renew")
      expect(fleet.issuer.requests.total).toBe(5)
      for (const { way } of fleet.hosts) way.heal()
      const [worker, ...others] = fleet.workers
      const newest = await worker?.call("renew")
      for (const other of others) expect(await catchesUp(other, newest)).toBe(true)
    },
  )

  test.skipIf(startServer === undefined)(
    "paused for longer than a claim lasts: the refresh token that is under way is not presented again",
    async () => {
      await using fleet = await start({
        hosts: 2,
        processesPerHost: 1,
        rotating: true,
        leaseMs: 1_000,
        worker: { ...QUICK, requestTimeoutMs: 8_000 },
      })
      await all(fleet, "getToken")
      const [owner, other] = fleet.workers
      if (owner === undefined || other === undefined) throw new Error("two workers are needed")
      fleet.issuer.slowDown(4_000)
      const sending = owner.next("sending")
      const renewal = owner.call("renew")
      await sending
      const waiting = other.call("renew").catch(() => undefined)
      await fleet.server.pause()
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      await fleet.server.resume()
      expect((await renewal).generation).toBe(2)
      await waiting
      expect(await catchesUp(other, { generation: 2, hash: (await renewal).hash })).toBe(true)
      expect(fleet.issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
      expect(fleet.issuer.revokedFamilies).toBe(0)
    },
  )

  test.skipIf(startServer === undefined)(
    "killed and started again: what it acknowledged is there, and all go on",
    async () => {
      await using fleet = await start({ hosts: 2, processesPerHost: 2, rotating: true, worker: QUICK })
      await all(fleet, "getToken")
      await all(fleet, "renew")
      await fleet.server.kill()
      expect(generationsOf(await all(fleet, "getToken"))).toEqual([2])
      await fleet.server.start()
      const [worker, ...others] = fleet.workers
      const newest = await eventually(() => worker?.call("renew"))
      expect(newest.generation).toBe(3)
      for (const other of others) expect(await catchesUp(other, newest)).toBe(true)
      expect(fleet.issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
    },
  )
})

test.skipIf(SHARED_SERVERS.redis === undefined)(
  "a server that starts again without its data while a refresh token is under way: it is not presented again",
  async () => {
    const server = await serverBy(SHARED_SERVERS.redis)
    await using fleet = await Fleet.start(server, { hosts: 2, processesPerHost: 2, rotating: true, worker: QUICK })
    await all(fleet, "getToken")
    const [owner, ...others] = fleet.workers
    if (owner === undefined) throw new Error("a worker is needed")
    fleet.issuer.slowDown(700)
    const sending = owner.next("sending")
    const renewal = owner.call("renew")
    await sending
    await server.kill()
    await server.loseData?.()
    await server.start()
    await Promise.all(others.map((other) => eventually(() => other.call("renew"))))
    await renewal
    expect(fleet.issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
    expect(fleet.issuer.revokedFamilies).toBe(0)
  },
)

async function serverBy(start: (() => Promise<SharedServer>) | undefined): Promise<SharedServer> {
  if (start === undefined) throw new Error("the server is missing")
  return start()
}

function all({ workers }: Fleet, what: "getToken" | "renew"): Promise<readonly SeenToken[]> {
  return Promise.all(workers.map((worker) => worker.call(what)))
}

function generationsOf(seen: readonly SeenToken[]): readonly number[] {
  return [...new Set(seen.map(({ generation }) => generation))]
}

/** Whether it comes to have the token, or a later one, in as many tries as a store needs to be found again. */
async function catchesUp(
  worker: { call(what: "renew" | "getToken"): Promise<SeenToken> } | undefined,
  wanted: SeenToken | undefined,
): Promise<boolean> {
  if (worker === undefined || wanted === undefined) return false
  const seen = await eventually(async () => {
    const token = await worker.call("renew")
    if (token.generation < wanted.generation) throw new Error("it is behind")
    return token
  })
  return seen.generation >= wanted.generation
}

async function eventually<T>(attempt: () => Promise<T> | undefined): Promise<T> {
  let failure: unknown
  for (let tries = 0; tries < 100; tries++) {
    try {
      const result = await attempt()
      if (result !== undefined) return result
    } catch (error) {
      failure = error
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw failure
}
