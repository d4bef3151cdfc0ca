import { expect, test } from "vitest"
import { createLog } from "./log.js"

test("headers that carry secrets are not shown, wherever they are logged", () => {
  const lines: string[] = []
  const log = createLog({ level: "info" }, { write: (line) => void lines.push(line) })
  const headers = { authorization: "Bearer canary", cookie: "canary", "set-cookie": ["canary"], host: "localhost" }
  log.info({ headers }, "one")
  log.info({ req: { headers }, res: { headers } }, "two")
  expect(lines).toHaveLength(2)
  expect(lines.join("")).toContain("localhost")
  expect(lines.join("")).not.toContain("canary")
})
