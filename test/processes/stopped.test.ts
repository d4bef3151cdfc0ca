import { setTimeout as wait } from "node:timers/promises"
import { expect, test } from "vitest"
import { Scene } from "./scene.js"

const REQUEST_TIMEOUT_MS = 1_000

test("rotation: an owner that stood still while its answer came, for longer than its patience, takes the answer all the same", async () => {
  await using scene = await Scene.set()
  const { issuer } = scene
  const options = { requestTimeoutMs: REQUEST_TIMEOUT_MS }
  const [owner, other] = await scene.rotating(2, await issuer.issueRefreshToken(), options)
  if (owner === undefined || other === undefined) throw new Error("two workers are needed")
  await owner.call("getToken")
  await other.call("getToken")

  issuer.slowDown(300)
  const renewal = owner.call("renew")
  while (issuer.requests.total < 2) await wait(5)
  owner.signal("SIGSTOP")
  while (issuer.requests.issued < 2) await wait(5)
  await wait(2 * REQUEST_TIMEOUT_MS)
  owner.signal("SIGCONT")

  expect((await renewal).generation).toBe(2)
  expect((await other.call("renew")).generation).toBeGreaterThanOrEqual(2)
  expect(issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
  expect(issuer.revokedFamilies).toBe(0)
})
