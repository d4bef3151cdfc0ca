import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { systemClock } from "evertoken"
import { expect, test, vi } from "vitest"
import { PlaceUnderTest } from "../testing/place-under-test.js"
import { checkExpiry } from "./certificate-expiry.js"
import { checkSkew } from "./clock-skew.js"
import { examine } from "./examine.js"
import { checkPermissions } from "./permission-checks.js"

const DAY_MS = 86_400_000

test.each([
  [-1, "fail", "it has expired 0 days ago"],
  [13, "warn", "it expires in 13 days"],
  [14, "ok", "it expires in 14 days"],
])("a certificate that lasts %d days: %s", (days, outcome, message) => {
  const now = 1_700_000_000_000
  const validTo = new Date(now + days * DAY_MS + 1_000).toUTCString()
  expect(checkExpiry("c", validTo, now)).toMatchObject({ outcome, message })
})

test("a clock is told by how much, and in which direction, it is off", () => {
  expect(checkSkew("s", 10_400)).toMatchObject({ outcome: "ok" })
  expect(checkSkew("s", 60_000)).toMatchObject({ outcome: "warn", message: "it is 60 s ahead of this machine's" })
  expect(checkSkew("s", -600_000)).toMatchObject({ outcome: "fail", message: "it is 600 s behind this machine's" })
})

test.runIf(process.platform !== "win32")("what belongs to another user is told", async () => {
  await using place = await PlaceUnderTest.make()
  await writeFile(place.file, "")
  const places = { configFile: place.file, stateDirectory: place.directory, socket: join(place.directory, "s") }
  const own = await checkPermissions(places)
  expect(own.map(({ outcome }) => outcome)).toEqual(["ok", "fail", "ok"])
  const another = vi.spyOn(process, "geteuid").mockReturnValue(4711)
  const findings = await checkPermissions(places)
  another.mockRestore()
  expect(findings.map(({ subject }) => subject)).toEqual(["configuration file", "state directory", "socket"])
  for (const { message } of findings.slice(1)) expect(message).toContain("belongs to another user")
})

test("what keeps the doctor from looking is not taken for good", async () => {
  await using place = await PlaceUnderTest.make()
  const looking = async () => {
    for await (const _ of examine({ file: join(place.directory, "gone"), config: place.config({}) }, systemClock))
      continue
  }
  await expect(looking()).rejects.toThrow("ENOENT")
})
