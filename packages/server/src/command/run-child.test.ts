import { access } from "node:fs/promises"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { systemClock } from "evertoken"
import { expect, test, vi } from "vitest"
import { PlaceUnderTest } from "../testing/place-under-test.js"
import { runChild } from "./run-child.js"

const [stdout, stderr] = [new PassThrough(), new PassThrough()]
const { PATH } = process.env

/** Ends at SIGINT with 5, at SIGTERM with 6; once it has its listeners, it writes the file that it is given. */
const SCRIPT = `
  process.on("SIGINT", () => process.exit(5))
  process.on("SIGTERM", () => process.exit(6))
  setInterval(() => undefined, 1_000)
  require("node:fs").writeFileSync(process.argv[1], "")`

async function run(isTTY: boolean, signals: readonly NodeJS.Signals[]) {
  await using place = await PlaceUnderTest.make()
  const ready = join(place.directory, "ready")
  const terminal = { stdin: Object.assign(new PassThrough(), { isTTY }), stdout, stderr, clock: systemClock }
  const code = runChild(process.execPath, ["-e", SCRIPT, ready], { env: { PATH }, terminal })
  await vi.waitFor(() => access(ready), 20_000)
  for (const signal of signals) process.emit(signal)
  return await code
}

test("from a terminal Ctrl-C comes by itself, and is not passed on a second time; the others are", async () => {
  expect(await run(true, ["SIGINT", "SIGTERM"])).toBe(6)
  expect(await run(false, ["SIGINT"])).toBe(5)
})

test("what cannot even be tried is told without what is in its environment", async () => {
  const terminal = { stdin: new PassThrough(), stdout, stderr, clock: systemClock }
  const before = process.listenerCount("SIGTERM")
  const outcome = runChild("true", ["\0"], { env: { TOKEN: "canary\0" }, terminal })
  await expect(outcome).rejects.toMatchObject({ exitCode: 126, message: "true cannot be run: ERR_INVALID_ARG_VALUE" })
  expect(process.listenerCount("SIGTERM")).toBe(before)
})
