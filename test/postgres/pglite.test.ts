import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { PostgresTokenCache } from "evertoken/postgres"
import { expect, onTestFinished, test } from "vitest"
import { recordOf, versionOf } from "./records.js"

const SUBJECT = { what: "what", singleUse: true }

test("a PGlite in a directory keeps tokens and claims without a server, from one start to the next", async () => {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const first = new PGlite(directory)
  await PostgresTokenCache.migrate(first)
  const cache = new PostgresTokenCache(first)
  expect(cache.durable).toBe(true)
  await cache.commit("key", recordOf(1), { expected: undefined })
  const claim = cache.claim("key", SUBJECT)
  await claim.take(1)
  await claim.markSent()
  await claim.abandon()
  await cache.close()
  await first.close()

  const second = new PGlite(directory)
  onTestFinished(() => second.close())
  await PostgresTokenCache.migrate(second)
  const reopened = new PostgresTokenCache(second)
  expect((await reopened.get("key"))?.version).toEqual(versionOf(1))
  expect(await reopened.claim("key", SUBJECT).look()).toMatchObject({ n: 1, owner: "gone" })
})
