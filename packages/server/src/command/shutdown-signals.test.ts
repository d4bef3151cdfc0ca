import { expect, test, vi } from "vitest"
import { ShutdownSignals } from "./shutdown-signals.js"

test("the first signal is told, a second one ends the process at once, and none counts afterwards", async () => {
  const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never)
  const before = process.listenerCount("SIGINT") + process.listenerCount("SIGTERM")
  {
    using signals = new ShutdownSignals()
    process.emit("SIGTERM")
    expect(await signals.first).toBe("SIGTERM")
    expect(exit).not.toHaveBeenCalled()
    process.emit("SIGINT")
    expect(exit.mock.calls).toEqual([[130]])
  }
  expect(process.listenerCount("SIGINT") + process.listenerCount("SIGTERM")).toBe(before)
  exit.mockRestore()
})
