import { expect, test } from "vitest"
import { FakeIoredis } from "../testing/internal/fake-redis-client.js"
import { FakeRedis } from "../testing/internal/fake-redis.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { IoredisConnection } from "./ioredis-connection.js"
import { RedisClaimBoard } from "./redis-claim-board.js"
import { ScriptRunner } from "./script-runner.js"

test("a claim that is carried out after its owner has given up blocks others for one lease, and no longer", async () => {
  const clock = new VirtualClock()
  const server = new FakeRedis()
  server.now = () => clock.now()
  const runner = new ScriptRunner({
    connection: new IoredisConnection(new FakeIoredis(server)),
    clock,
    replacesServerClock: false,
  })
  const board = new RedisClaimBoard({ redisKey: "claims", runner, replicated: () => Promise.resolve() })
  await board.look("theirs")
  let carryOut = () => {}
  server.serve = (run) => new Promise((resolve) => (carryOut = () => resolve(run())))
  const taking = board.take({ n: 1, owner: "mine", leaseMs: 30_000 })
  await clock.advance(600_000)
  server.serve = (run) => run()
  carryOut()
  expect(await taking).toBe(true)
  expect(await board.look("theirs")).toMatchObject({ n: 1, owner: "alive" })
  await clock.advance(30_000)
  expect(await board.look("theirs")).toMatchObject({ n: 1, owner: "gone" })
})
