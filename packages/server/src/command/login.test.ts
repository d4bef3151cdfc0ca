import { hostname } from "node:os"
import { PassThrough } from "node:stream"
import { VirtualClock } from "evertoken/testing"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { SignInPrompt } from "../tokens/sign-in.js"
import { login } from "./login.js"

const opened = vi.hoisted(() => vi.fn((_url: string) => Promise.resolve()))
vi.mock("open", () => ({ default: opened }))

beforeEach(() => {
  vi.stubEnv("SSH_CONNECTION", undefined)
  vi.stubEnv("DISPLAY", ":0")
})
afterEach(() => void vi.unstubAllEnvs())

/** What `login` writes while a person takes 61 s, and what it writes in all. */
async function loginWith(prompt: (clock: VirtualClock) => SignInPrompt, options: { readonly isTTY: boolean }) {
  opened.mockClear()
  const clock = new VirtualClock()
  const stderr = Object.assign(new PassThrough({ encoding: "utf8" }), options)
  let written = ""
  stderr.on("data", (text: string) => (written += text))
  let keep = () => {}
  const kept = new Promise<void>((resolve) => (keep = resolve))
  const unused = () => Promise.reject(new Error("login does not need it"))
  const tokens = {
    ...{ isServer: true, list: () => Promise.resolve([]), get: unused, refresh: unused, set: unused, revoke: unused },
    signIn: () => Promise.resolve(prompt(clock)),
    signedIn: () => kept,
    cancelSignIn: unused,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const done = login("mail", tokens, { stdin: new PassThrough(), stdout: new PassThrough(), stderr, clock })
  await clock.advance(61_000)
  const waiting = written
  keep()
  await done
  return { waiting, written, timers: clock.pendingTimers }
}

function browser(clock: VirtualClock): SignInPrompt {
  return { kind: "browser", url: "https://issuer.example/authorize?state=1", expiresAt: clock.now() + 600_000 }
}

function device(clock: VirtualClock): SignInPrompt {
  const verificationUri = "https://issuer.example/device"
  return { kind: "device", verificationUri, userCode: "WDJB-\u001b[2JMJHT", expiresAt: clock.now() + 300_000 }
}

test("on a terminal the browser is opened, and the time that is left ticks until the tokens are kept", async () => {
  const { waiting, written, timers } = await loginWith(browser, { isTTY: true })
  expect(opened.mock.calls).toEqual([["https://issuer.example/authorize?state=1"]])
  expect(waiting).toContain("Sign in, in a browser of this machine:\n  https://issuer.example/authorize?state=1\n")
  expect(waiting).toContain("Waiting for the sign-in, 10 min 0 s left …")
  expect(waiting).toMatch(/Waiting for the sign-in, 8 min 59 s left …$/)
  expect(written.slice(waiting.length)).toBe("\r\u001b[Kmail: signed in, and kept\n")
  expect(timers).toBe(0)
})

test("without a terminal no browser is opened, and the waiting is told once", async () => {
  const { written, timers } = await loginWith(browser, { isTTY: false })
  expect(opened).not.toHaveBeenCalled()
  expect(written).toBe(
    "Sign in, in a browser of this machine:\n  https://issuer.example/authorize?state=1\n" +
      "Waiting for the sign-in …\nmail: signed in, and kept\n",
  )
  expect(timers).toBe(0)
})

test("a device's code is shown, without what a terminal would obey", async () => {
  const { written } = await loginWith(device, { isTTY: false })
  expect(written).toContain("at\n  https://issuer.example/device\nwith the code\n  WDJB-?[2JMJHT\nWaiting")
  const direct = (clock: VirtualClock) => ({
    ...device(clock),
    verificationUriComplete: "https://issuer.example/d?c=1",
  })
  expect((await loginWith(direct, { isTTY: true })).written).toContain("or at once:\n  https://issuer.example/d?c=1\n")
  expect(opened).not.toHaveBeenCalled()
})

test("who has no browser here is told how the one of another machine comes back, and what does without", async () => {
  vi.stubEnv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
  const redirected = (clock: VirtualClock) => ({
    ...browser(clock),
    url: "https://issuer.example/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A34223%2Fcallback",
  })
  const { written } = await loginWith(redirected, { isTTY: false })
  expect(written).toContain(`\n  ssh -L 34223:127.0.0.1:34223 ${hostname()}\nOr: grant: device_code signs in on any`)
  // pushed to the issuer, where nobody here sees it
  expect((await loginWith(browser, { isTTY: false })).written).toContain(
    "\nNo browser here? grant: device_code signs in",
  )
})
