import { systemClock } from "evertoken"
import { VirtualClock } from "evertoken/testing"
import { expect, test, vi } from "vitest"
import { createLog } from "../http/log.js"
import { NotifyCommand } from "./notify-command.js"

function logUnderTest() {
  const lines: string[] = []
  return { lines, log: createLog({ level: "info" }, { write: (line) => void lines.push(line) }) }
}

const hang = [process.execPath, "-e", "setInterval(() => {}, 1e6)"]

test("one command runs at a time for each token, and is killed when it takes too long", async () => {
  const { lines, log } = logUnderTest()
  const clock = new VirtualClock()
  using command = new NotifyCommand({ clock, log, timeoutMs: 1_000 })
  command.run(hang, "mail", {})
  command.run(hang, "mail", {})
  expect(lines.join("")).toContain("it is running still")
  await clock.advance(1_000)
  await vi.waitFor(() => expect(lines.join("")).toContain("SIGKILL"), 20_000)
  expect(lines.join("")).toContain("takes too long")
})

test("a command that is not there is an error in the log", async () => {
  const { lines, log } = logUnderTest()
  using command = new NotifyCommand({ clock: systemClock, log })
  command.run(["/nonexistent/evertoken"], "mail", {})
  await vi.waitFor(() => expect(lines.join("")).toContain("ENOENT"), 20_000)
})

test("a command that no system can run is an error in the log, and nothing more", () => {
  const { lines, log } = logUnderTest()
  using command = new NotifyCommand({ clock: systemClock, log })
  for (const unusable of [["/bin/tr\0ue"], [""], ["/bin/true", "x".repeat(200_000)]]) command.run(unusable, "mail", {})
  expect(lines).toHaveLength(3)
  expect(lines.every((line) => line.includes("cannot be run"))).toBe(true)
})

test("what runs is killed when the server ends", async () => {
  const { lines, log } = logUnderTest()
  {
    using command = new NotifyCommand({ clock: systemClock, log })
    command.run(hang, "mail", {})
  }
  await vi.waitFor(() => expect(lines.join("")).toContain("SIGKILL"), 20_000)
})
