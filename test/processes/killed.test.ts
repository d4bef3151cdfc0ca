import { expect, test } from "vitest"
import type { RenewalStep } from "evertoken"
import { Scene } from "./scene.js"
import type { WorkerProcess } from "./worker-process.js"

const BEFORE_THE_MARK: readonly RenewalStep[] = ["claimed", "looked-again"]

async function ownerDiesAt(step: RenewalStep, [owner, other]: readonly WorkerProcess[]): Promise<WorkerProcess> {
  if (owner === undefined || other === undefined) throw new Error("two workers are needed")
  await owner.call("getToken")
  await other.call("getToken")
  await owner.call("haltAt", step, "SIGKILL")
  await owner.call("renew").catch(() => undefined)
  expect((await owner.exited).signal).toBe("SIGKILL")
  return other
}

test.each<RenewalStep>(["claimed", "looked-again", "marked", "sending"])(
  "client credentials: an owner killed at %s is followed by another, with one request",
  async (step) => {
    await using scene = await Scene.set()
    const other = await ownerDiesAt(step, await scene.clients(2))

    expect((await other.call("renew")).generation).toBe(2)
    expect(scene.issuer.requests.total).toBe(2)
  },
)

test("client credentials: an owner killed once it has the answer is followed by another", async () => {
  await using scene = await Scene.set()
  const other = await ownerDiesAt("answered", await scene.clients(2))

  expect((await other.call("renew")).generation).toBe(2)
  expect(scene.issuer.requests.total).toBe(3)
})

test.each(BEFORE_THE_MARK)(
  "rotation: an owner killed at %s is followed at once, and nothing is presented twice",
  async (step) => {
    await using scene = await Scene.set()
    const other = await ownerDiesAt(step, await scene.rotating(2, await scene.issuer.issueRefreshToken()))

    expect((await other.call("renew")).generation).toBe(2)
    expect(scene.issuer.presentations.map(({ use }) => use)).toEqual(["first", "first"])
  },
)

test("rotation: an owner killed between its mark and the issuer is followed by one last try", async () => {
  await using scene = await Scene.set({ lifetimeSeconds: 4 })
  const workers = await scene.rotating(2, await scene.issuer.issueRefreshToken(), { requestTimeoutMs: 1_000 })
  const other = await ownerDiesAt("marked", workers)

  expect((await other.call("renew")).generation).toBe(2)
  expect(scene.issuer.presentations.map(({ use }) => use)).toEqual(["first", "first"])
  expect(scene.issuer.revokedFamilies).toBe(0)
})

test("rotation: an owner killed once it has the answer loses the grant: one last try, a clear error, then silence", async () => {
  await using scene = await Scene.set({ lifetimeSeconds: 4 })
  const workers = await scene.rotating(2, await scene.issuer.issueRefreshToken(), { requestTimeoutMs: 1_000 })
  const other = await ownerDiesAt("answered", workers)

  await expect(other.call("renew")).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  await expect(other.call("renew")).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
  expect(scene.issuer.presentations.map(({ use }) => use)).toEqual(["first", "first", "reuse"])
})

test("rotation: an owner killed once it has committed is followed without a request", async () => {
  await using scene = await Scene.set()
  const other = await ownerDiesAt("committed", await scene.rotating(2, await scene.issuer.issueRefreshToken()))

  expect((await other.call("renew")).generation).toBe(2)
  expect(scene.issuer.presentations.map(({ use }) => use)).toEqual(["first", "first"])
})
