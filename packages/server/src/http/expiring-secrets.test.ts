import { VirtualClock } from "evertoken/testing"
import { inspect } from "node:util"
import { expect, test } from "vitest"
import { ExpiringSecrets } from "./expiring-secrets.js"

const clock = new VirtualClock()
const options = { clock, lifetimeMs: 1_000, most: 3 }

test("a secret has 32 random bytes, and is another one each time", () => {
  const secrets = new ExpiringSecrets(options)
  const issued = Array.from({ length: 10 }, () => secrets.issue().secret)
  expect(new Set(issued).size).toBe(10)
  for (const secret of issued) expect(Buffer.from(secret, "base64url")).toHaveLength(32)
})

test("it is valid until its end, or until it is taken", () => {
  const secrets = new ExpiringSecrets(options)
  const [first, second] = [secrets.issue(), secrets.issue()]
  expect(first.expiresAt).toBe(clock.now() + 1_000)
  expect([secrets.take(first.secret), secrets.take(first.secret)]).toEqual([true, false])
  clock.stepWall(999)
  expect(secrets.isValid(second.secret)).toBe(true)
  clock.stepWall(1)
  expect(secrets.isValid(second.secret)).toBe(false)
})

test("of too many the oldest make room", () => {
  const secrets = new ExpiringSecrets(options)
  const issued = Array.from({ length: 5 }, () => secrets.issue().secret)
  expect(issued.map((secret) => secrets.isValid(secret))).toEqual([false, false, true, true, true])
})

test("it holds no secret that could be shown", () => {
  const secrets = new ExpiringSecrets(options)
  const { secret } = secrets.issue()
  expect(inspect(secrets, { depth: 9, showHidden: true }) + JSON.stringify(secrets)).not.toContain(secret)
})
