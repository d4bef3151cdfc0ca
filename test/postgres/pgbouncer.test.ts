import { tokenCacheContract } from "evertoken/testing"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Pgbouncer, providePgbouncer } from "../servers/pgbouncer.js"
import { providePostgres } from "../servers/postgres-server.js"
import { PostgresScene } from "./postgres-scene.js"

const programs = providePostgres()
const program = programs === undefined ? undefined : providePgbouncer()

describe.skipIf(program === undefined)("through pgbouncer, which lends a connection for one transaction,", () => {
  let scene: PostgresScene
  let bouncer: Pgbouncer
  beforeAll(async () => {
    scene = await PostgresScene.start(programs ?? "")
    bouncer = await Pgbouncer.start(program ?? "", scene.server)
  })
  afterAll(async () => {
    await bouncer[Symbol.asyncDispose]()
    await scene[Symbol.asyncDispose]()
  })

  describe.each([
    ["told by a client of its own", () => new pg.Client(scene.server.connection)],
    ["not told", false],
    ["told where nothing is heard", true],
  ] as const)("and with changes %s, the cache keeps the contract", (_, listen) => {
    tokenCacheContract({
      test,
      durable: true,
      create: async () => {
        const store = await scene.store()
        const open = () => store.open({ listen, pollMs: 200 }, { port: bouncer.port })
        const [cache, peer] = [open(), open()]
        const reopen = async () => {
          await store.close()
          return open()
        }
        return { cache, peer, reopen, dispose: () => store.close() }
      },
    })
  })

  test("a client of its own is told at once, though the pool's connections tell nothing", async () => {
    const store = await scene.store()
    const listen = () => new pg.Client(scene.server.connection)
    // nobody looks
    const [cache, peer] = [
      store.open({ listen, pollMs: 1_000_000 }, { port: bouncer.port }),
      store.open({}, { port: bouncer.port }),
    ]
    const told = new Promise<void>((resolve) => {
      void cache.changes("key").subscribe(resolve)
    })
    await scene.untilListening(1)
    await peer.delete("key")
    await expect(told).resolves.toBeUndefined()
    await store.close()
    await scene.untilListening(0)
  })
})
