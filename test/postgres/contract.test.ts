import { tokenCacheContract } from "evertoken/testing"
import { afterAll, beforeAll, describe, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { PostgresScene } from "./postgres-scene.js"

const programs = providePostgres()

describe.skipIf(programs === undefined)("PostgresTokenCache over pools of pg keeps the contract", () => {
  let scene: PostgresScene
  beforeAll(async () => {
    scene = await PostgresScene.start(programs ?? "")
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  tokenCacheContract({
    test,
    durable: true,
    create: async () => {
      const store = await scene.store()
      const [cache, peer] = [store.open(), store.open()]
      return {
        cache,
        peer,
        reopen: async () => {
          await store.close()
          return store.open()
        },
        dispose: () => store.close(),
      }
    },
  })
})
