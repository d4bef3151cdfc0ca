import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { createLog } from "../http/log.js"
import { RunningServer } from "../process/running-server.js"
import { commandUnderTest } from "../testing/command-under-test.js"

test("the link opens one session, and holds no API key", async () => {
  await using at = await commandUnderTest(false)
  await writeFile(join(at.place.directory, "api.key"), "canary-api-key-0123456789", { mode: 0o600 })
  const config = at.place.config(at.tokens, {
    listen: { socket: at.place.socket, tcp: { port: 0, apiKey: "file:api.key" } },
  })
  const server = await RunningServer.start(config, { log: createLog({ level: "silent" }) })
  const { code, out, err } = await at.run(["dashboard"])
  expect([code, err]).toEqual([0, expect.stringMatching(/^It opens the dashboard once; it is over in \d min\.\n$/)])
  const { origin, hash } = new URL(out)
  expect(out).not.toContain("canary")
  const open = () =>
    fetch(`${origin}/session`, {
      method: "POST",
      headers: { "x-evertoken-request": "1", "content-type": "application/json" },
      body: JSON.stringify({ code: new URLSearchParams(hash.slice(1)).get("code") }),
    })
  expect((await open()).status).toBe(200)
  expect((await open()).status).toBe(401)
  await server.close()
})

test("where no browser comes it says what to configure, and without a server what to start", async () => {
  await using withServer = await commandUnderTest(true)
  expect(await withServer.run(["dashboard"])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/its socket only, .*\n {2}Say in the configuration: listen: \{ tcp: /) as string,
  })
  await using without = await commandUnderTest(false)
  expect(await without.run(["dashboard"])).toEqual({
    ...{ code: 5, out: "" },
    err: "evertoken: no server is running\n  Start it: evertoken serve\n",
  })
})
