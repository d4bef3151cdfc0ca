import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { Scene } from "./scene.js"

test.each(["close", "SIGTERM"] as const)(
  "%s in the middle of a rotation: the new refresh token is in the store",
  async (how) => {
    await using scene = await Scene.set()
    const [worker, heir] = await scene.rotating(2, await scene.issuer.issueRefreshToken())
    if (worker === undefined || heir === undefined) throw new Error("two workers are needed")
    await worker.call("getToken")
    await heir.call("getToken")

    scene.issuer.slowDown(500)
    const sending = worker.next("sending")
    const renewal = worker.call("renew").catch(() => undefined)
    await sending
    if (how === "close") await worker.call("close")
    else worker.signal("SIGTERM")
    await renewal
    if (how === "SIGTERM") expect((await worker.exited).code).toBe(0)

    const stored = JSON.parse(await readFile(scene.file, "utf8")) as { version: { generation: number } }
    expect(stored.version.generation).toBe(2)
    expect((await heir.call("renew")).generation).toBe(2)
    expect(scene.issuer.presentations).toHaveLength(2)
    expect(scene.issuer.revokedFamilies).toBe(0)
  },
)
