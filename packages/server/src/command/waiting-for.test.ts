import { PassThrough, Writable } from "node:stream"
import { VirtualClock } from "evertoken/testing"
import { expect, test } from "vitest"
import { waitingFor } from "./waiting-for.js"

function terminal(isTTY: boolean) {
  const clock = new VirtualClock()
  let told = ""
  const write = (chunk: unknown, _encoding: unknown, done: () => void) => {
    told += String(chunk)
    done()
  }
  const stderr = Object.assign(new Writable({ write }), { isTTY })
  return { clock, told: () => told, terminal: { stdin: new PassThrough(), stdout: new PassThrough(), stderr, clock } }
}

test("what takes long is told at a terminal, and nothing of it is left", async () => {
  const { clock, told, terminal: at } = terminal(true)
  let end: (token: string) => void = () => undefined
  const outcome = waitingFor("billing", new Promise<string>((resolve) => (end = resolve)), at)
  await clock.advance(2_000)
  expect(told()).toBe("\r\u001b[KWaiting for billing, 1 s …\r\u001b[KWaiting for billing, 2 s …")
  end("token")
  expect(await outcome).toBe("token")
  expect(told()).toMatch(/\r.\[K$/)
  expect(clock.pendingTimers).toBe(0)
})

test("what is there at once, or fails at once, leaves the terminal alone; so does what no terminal sees", async () => {
  const { clock, told, terminal: at } = terminal(true)
  expect(await waitingFor("billing", Promise.resolve(1), at)).toBe(1)
  await expect(waitingFor("billing", Promise.reject(new Error("refused")), at)).rejects.toThrow("refused")
  const file = terminal(false)
  const never = waitingFor("billing", new Promise(() => undefined), file.terminal)
  await Promise.race([never, file.clock.advance(5_000)])
  expect([told(), file.told(), clock.pendingTimers]).toEqual(["", "", 0])
})
