import { writeFile } from "node:fs/promises"
import { stat } from "node:fs/promises"
import { afterEach, describe, expect, test, vi } from "vitest"
import { LocalIssuer } from "../testing/local-issuer.js"
import { NotifyTool } from "../testing/notify-tool.js"
import { PlaceUnderTest, tokenOf } from "../testing/place-under-test.js"
import { runUnderTest } from "../testing/terminal-under-test.js"

const quiet = { log: { level: "silent" } }

afterEach(() => void vi.unstubAllEnvs())

describe.runIf(process.platform !== "win32")("serve", () => {
  test("tells the service manager when it is ready, reads its configuration again, and ends", async () => {
    await using issuer = await LocalIssuer.start()
    await using place = await PlaceUnderTest.make()
    const tool = await NotifyTool.in(place.directory)
    for (const [name, value] of Object.entries(tool.env)) vi.stubEnv(name, value)
    const token = tokenOf(issuer.url)
    await place.write({ billing: token }, quiet)
    const ready = async (...times: readonly string[]) => {
      await vi.waitFor(async () => {
        const told = await tool.told()
        expect(told.filter((line) => line.startsWith("READY"))).toEqual(
          times.map((names) => `READY=1 STATUS=keeping ${names}`),
        )
      }, 20_000)
    }
    const outcome = runUnderTest(["serve", "--config", place.file])
    await ready("billing")
    await place.write({ billing: token, extra: token }, quiet)
    process.emit("SIGHUP")
    await ready("billing", "billing, extra")
    await writeFile(place.file, "tokens: [")
    process.emit("SIGHUP")
    // it is as it was, and that is told
    await ready("billing", "billing, extra", "billing, extra")
    process.emit("SIGTERM")
    const { code, out, err } = await outcome
    expect([code, out]).toEqual([0, ""])
    expect(err).toContain(
      `listening on ${place.socket}\nevertoken: keeping billing\nevertoken: WARNING: tokens are NOT encrypted`,
    )
    expect((await tool.told()).map((line) => line.replace(/[= ].*/, ""))).toEqual([
      ...["READY", "RELOADING", "READY", "RELOADING", "READY", "STOPPING"],
    ])
    await expect(stat(place.socket)).rejects.toThrow("ENOENT")
  }, 60_000)

  test("with nothing to keep it says so, and a socket that is taken is a failure with its hint", async () => {
    await using place = await PlaceUnderTest.make()
    await place.write({}, quiet)
    let told = ""
    const first = runUnderTest(["serve", "--config", place.file], { onErr: (err) => (told = err) })
    await vi.waitFor(() => expect(told).toContain("keeping no tokens"), 20_000)
    expect(await runUnderTest(["serve", "--config", place.file])).toMatchObject({
      code: 1,
      err: `evertoken: another server is running on ${place.socket}\n  End it first.\n`,
    })
    process.emit("SIGINT")
    expect((await first).code).toBe(0)
  }, 60_000)
})
