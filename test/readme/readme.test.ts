import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { inDirectory, programsOf } from "./compiled.js"
import { pages } from "./documents.js"
import { startApi } from "./invoices-api.js"

const run = promisify(execFile)

test.each([
  ["README.md", /^good until \d{4}-.*\n\{ invoices: 3 \}\n$/],
  ["packages/evertoken/README.md", /^$/],
  ["docs/requests.md", /^\{ invoices: 3 \}\n$/],
])("the first program of %s runs as it is printed", async (path, printed) => {
  await using issuer = await RealIssuer.start()
  const api = await startApi(issuer)
  const page = (await pages()).find((other) => other.path === path)
  const [program] = page === undefined ? [] : programsOf(page)
  try {
    await inDirectory(async (directory) => {
      const { clientId, clientSecret } = issuer.clients.basic
      const text = (program?.text ?? "")
        .replaceAll("https://id.example.com", issuer.url)
        .replaceAll("https://api.example.com", api.url)
        .replaceAll('"billing"', JSON.stringify(clientId))
      await writeFile(join(directory, "program.mts"), text)

      const env = { ...process.env, CLIENT_SECRET: clientSecret }
      const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "program.mts"], {
        cwd: directory,
        env,
      })
      expect(stdout).toMatch(printed)
      expect(stderr).toBe("")
      expect(issuer.requests.total).toBe(1)
      expect(api.served()).toBe(1)
    })
  } finally {
    api.close()
  }
})
