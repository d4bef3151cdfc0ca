import { tokenCacheContract } from "evertoken/testing"
import type pg from "pg"
import { afterAll, beforeAll, describe, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { PostgresScene } from "./postgres-scene.js"

const programs = providePostgres()

/** As an application asks for it that takes numbers in its own way. */
const asTexts: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value }

describe.skipIf(programs === undefined).each([
  ["by default", {}],
  ["where transactions are serializable", { options: "-c default_transaction_isolation=serializable" }],
  ["whose values all come as texts", { types: asTexts }],
])("PostgresTokenCache over pools of pg keeps the contract, %s,", (_, poolOptions) => {
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
      const open = () => store.open({}, poolOptions)
      const [cache, peer] = [open(), open()]
      return {
        cache,
        peer,
        reopen: async () => {
          await store.close()
          return open()
        },
        dispose: () => store.close(),
      }
    },
  })
})
