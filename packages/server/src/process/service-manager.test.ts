import { VirtualClock } from "evertoken/testing"
import { pino } from "pino"
import { describe, expect, test } from "vitest"
import { NotifyTool } from "../testing/notify-tool.js"
import { PlaceUnderTest } from "../testing/place-under-test.js"
import { ServiceManager } from "./service-manager.js"

function logged() {
  const lines: string[] = []
  return { lines, log: pino({ level: "info" }, { write: (line) => void lines.push(line) }) }
}

describe.runIf(process.platform !== "win32")("the service manager", () => {
  test("is told in the order of what happens", async () => {
    await using place = await PlaceUnderTest.make()
    const tool = await NotifyTool.in(place.directory)
    const { log, lines } = logged()
    using manager = new ServiceManager({ clock: new VirtualClock(), log, env: tool.env })
    manager.ready("keeping billing")
    manager.reloading()
    manager.ready("keeping mail")
    manager.stopping()
    await manager.told()
    expect(await tool.told()).toEqual([
      "READY=1 STATUS=keeping billing",
      "RELOADING=1",
      "READY=1 STATUS=keeping mail",
      "STOPPING=1",
    ])
    expect(lines).toEqual([])
  })

  test("is told twice in the time of its watchdog that the server is alive, from when it is ready until it ends", async () => {
    await using place = await PlaceUnderTest.make()
    const tool = await NotifyTool.in(place.directory)
    const clock = new VirtualClock()
    const env = { ...tool.env, WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(process.pid) }
    const manager = new ServiceManager({ clock, log: logged().log, env })
    await clock.advance(60_000)
    expect(clock.pendingTimers).toBe(0)
    manager.ready("")
    for (let i = 0; i < 3; i++) await clock.advance(15_000)
    await manager.told()
    expect((await tool.told()).filter((line) => line === "WATCHDOG=1")).toHaveLength(4)
    // nothing but that keeps the process from ending
    expect(clock.refTimers).toBe(0)
    manager[Symbol.dispose]()
    expect(clock.pendingTimers).toBe(0)
  })

  test.each([{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "soon" }, {}])(
    "has no watchdog for this process with %o",
    async (watchdog) => {
      await using place = await PlaceUnderTest.make()
      const tool = await NotifyTool.in(place.directory)
      const clock = new VirtualClock()
      using manager = new ServiceManager({ clock, log: logged().log, env: { ...tool.env, ...watchdog } })
      manager.ready("")
      await manager.told()
      expect([clock.pendingTimers, await tool.told()]).toEqual([0, ["READY=1 STATUS="]])
    },
  )

  test("that does not want to know is told nothing", async () => {
    await using place = await PlaceUnderTest.make()
    const tool = await NotifyTool.in(place.directory)
    const env = { ...tool.env, NOTIFY_SOCKET: undefined, WATCHDOG_USEC: "30000000" }
    using manager = new ServiceManager({ clock: new VirtualClock(), log: logged().log, env })
    manager.ready("")
    manager.stopping()
    await manager.told()
    expect(await tool.told()).toEqual([])
  })

  test("is told the beginning of what is too long", async () => {
    await using place = await PlaceUnderTest.make()
    const tool = await NotifyTool.in(place.directory)
    const { log, lines } = logged()
    using manager = new ServiceManager({ clock: new VirtualClock(), log, env: tool.env })
    manager.ready("x".repeat(200_000))
    await manager.told()
    expect(await tool.told()).toEqual([`READY=1 STATUS=${"x".repeat(1_000)}`])
    expect(lines).toEqual([])
  })

  test("that cannot be told is complained of once, and the server goes on", async () => {
    await using place = await PlaceUnderTest.make()
    const failing = await NotifyTool.in(place.directory, { exitCode: 1 })
    for (const env of [failing.env, { NOTIFY_SOCKET: "/none", PATH: "/none" }]) {
      const { log, lines } = logged()
      using manager = new ServiceManager({ clock: new VirtualClock(), log, env })
      manager.ready("")
      manager.stopping()
      await manager.told()
      expect(lines).toHaveLength(1)
    }
  })
})
