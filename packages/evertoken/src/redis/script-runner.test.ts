import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { FakeIoredis } from "../testing/internal/fake-redis-client.js"
import { FakeRedis } from "../testing/internal/fake-redis.js"
import { STORE_CANARY } from "../testing/internal/faults.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { IoredisConnection } from "./ioredis-connection.js"
import { redisScript } from "./redis-script.js"
import { ScriptRunner } from "./script-runner.js"

const ECHO = redisScript("return {now, KEYS[1], ARGV[2]}")
const CALL = { doing: "do it", script: ECHO, key: "key", args: ["text"] }

function setUp({ replacesServerClock = false } = {}) {
  const clock = new VirtualClock()
  const server = new FakeRedis()
  server.now = () => clock.now()
  const client = new FakeIoredis(server)
  const runner = new ScriptRunner({ connection: new IoredisConnection(client), clock, replacesServerClock })
  return { clock, server, client, runner }
}

/** Answers are given when `answer` is called. */
function hang(server: FakeRedis): { readonly answer: () => void } {
  const waiting: (() => void)[] = []
  server.serve = (run) => new Promise((resolve) => waiting.push(() => resolve(run())))
  return { answer: () => waiting.splice(0).forEach((each) => each()) }
}

describe("a script", () => {
  test("is sent once, and found again by its name", async () => {
    const { client, runner } = setUp()
    for (let i = 0; i < 3; i++) expect((await runner.run(CALL)).texts).toEqual(["key", "text"])
    expect(client.asked).toEqual(["evalsha", "eval", "evalsha", "evalsha"])
  })

  test("is sent anew after the server was restarted", async () => {
    const { server, client, runner } = setUp()
    await runner.run(CALL)
    server.restart()
    client.asked.length = 0
    expect((await runner.run(CALL)).texts).toEqual(["key", "text"])
    expect(client.asked).toEqual(["evalsha", "eval"])
  })

  test("has the time of the server, unless another clock takes its place", async () => {
    const { clock, server, runner } = setUp()
    server.now = () => clock.now() + 600_000
    expect(await runner.run(CALL)).toMatchObject({ now: clock.now() + 600_000, offsetMs: 600_000 })
    const other = setUp({ replacesServerClock: true })
    other.server.now = () => 0
    expect(await other.runner.run(CALL)).toMatchObject({ now: other.clock.now(), offsetMs: 0 })
  })

  test.each([[null], ["text"], [[]], [["no time"]], [[null]]])("that answers %j has failed", async (answer) => {
    const { server, runner } = setUp()
    server.serve = () => answer
    await expect(runner.run(CALL)).rejects.toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
  })
})

describe("a failure", () => {
  const systemError = Object.assign(new Error(`connect ${STORE_CANARY}`), { code: "ECONNREFUSED" })
  test.each([
    [new Error(`OOM command not allowed ${STORE_CANARY}`), "OOM, it is out of memory: raise its maxmemory"],
    [new Error("ERR Error running script: @user_script:7: READONLY You can't write"), "READONLY, it is a replica"],
    [new Error("WRONGTYPE Operation against a key"), "WRONGTYPE, something else is stored there"],
    [new Error("NOPERM this user has no permissions"), "NOPERM, its user is not permitted"],
    [new Error("ERR The user executing the script can't run this command or subcommand"), "NOPERM, its user is not"],
    [new Error("The client is closed"), "the client is closed: connect it"],
    [systemError, "no connection (ECONNREFUSED)"],
    [new Error(STORE_CANARY), "no answer that can be used"],
  ])("is told in our own words, with nothing of the client's: %#", async (error, words) => {
    const { server, runner } = setUp()
    server.serve = () => Promise.reject(error)
    const failure: unknown = await runner.run(CALL).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: true })
    expect(failure).toMatchObject({ message: expect.stringContaining(`redis: cannot do it: ${words}`) as string })
    expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain(STORE_CANARY)
  })
})

describe("a server that is silent", () => {
  test("gets nothing more after 2 s but a try every 5 s, so that nothing piles up in the client", async () => {
    const { clock, server, client, runner } = setUp()
    await runner.run(CALL)
    const { answer } = hang(server)
    const calls = [runner.run(CALL)]
    await clock.advance(2_000)
    calls.push(runner.run(CALL))
    client.asked.length = 0
    let refused = 0
    for (let second = 0; second < 600; second++) {
      await clock.advance(1_000)
      calls.push(runner.run(CALL))
      calls.at(-1)?.catch(() => refused++)
    }
    await clock.advance(0)
    expect(client.asked).toHaveLength(120)
    expect(refused).toBe(480)
    answer()
    const ended = await Promise.allSettled(calls)
    expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(122)
  })

  test("gets everything again as soon as it has answered", async () => {
    const { clock, server, runner } = setUp()
    const { answer } = hang(server)
    const waiting = runner.run(CALL)
    await clock.advance(3_000)
    await expect(runner.run(CALL)).rejects.toThrow("redis: cannot do it: it has not answered for 3000 ms")
    server.serve = (run) => run()
    answer()
    await waiting
    expect((await runner.run(CALL)).texts).toEqual(["key", "text"])
  })

  test("is none that has answered what was asked later: a client may never tell that an answer was lost", async () => {
    const { clock, server, runner } = setUp()
    await runner.run(CALL)
    hang(server)
    void runner.run(CALL)
    server.serve = (run) => run()
    await runner.run(CALL)
    await clock.advance(3_000)
    expect((await runner.run(CALL)).texts).toEqual(["key", "text"])
  })

  test("is silent no more once it has answered, though more is waiting", async () => {
    const { clock, server, runner } = setUp()
    const waiting: (() => void)[] = []
    server.serve = (run) => new Promise((resolve) => waiting.push(() => resolve(run())))
    const calls = [runner.run(CALL), runner.run(CALL)]
    await clock.advance(3_000)
    waiting[0]?.()
    await calls[0]
    calls.push(runner.run(CALL))
    await clock.advance(0)
    waiting.forEach((answer) => answer())
    expect(await Promise.all(calls)).toHaveLength(3)
  })

  test("that answers late does not seem to have another clock", async () => {
    const { clock, server, runner } = setUp()
    const { answer } = hang(server)
    const waiting = runner.run(CALL)
    await clock.advance(180_000)
    answer()
    expect(await waiting).toMatchObject({ offsetMs: 0 })
  })
})
