import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { startApi } from "./invoices-api.js"
import { compile, inDirectory, programOf } from "./program.js"

const run = promisify(execFile)

test.each([
  ["README.md", "A complete program", /^good until \d{4}-.*\n\{ invoices: 3 \}\n$/],
  ["README.md", "Requests that carry the token", /^\{ invoices: 3 \}\n$/],
  ["packages/evertoken/README.md", "evertoken", /^$/],
])("the program of %s, %s, runs as it is printed", async (readme, heading, printed) => {
  await using issuer = await RealIssuer.start()
  const api = await startApi(issuer)
  try {
    await inDirectory(async (directory) => {
      const { clientId, clientSecret } = issuer.clients.basic
      const program = (await programOf(readme, heading))
        .replaceAll("https://id.example.com", issuer.url)
        .replaceAll("https://api.example.com", api.url)
        .replaceAll('"billing"', JSON.stringify(clientId))
      await compile(directory, program)

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

test.each([
  ["README.md", "Redis"],
  ["README.md", "Users who sign in"],
  ["README.md", "Postgres"],
  ["README.md", "Any other database"],
  ["README.md", "Encrypted at rest"],
  ["packages/session/README.md", "@evertoken/session"],
  ["packages/session/README.md", "A schema of your own"],
  ["packages/session/README.md", "A strategy of your own"],
  ["packages/session/README.md", "Express"],
  ["packages/session/README.md", "Hono"],
  ["packages/session/README.md", "Next.js"],
  ["packages/session/README.md", "Background jobs"],
  ["README.md", "When something goes wrong"],
  ["docs/fleet.md", "What is simulated"],
])("the program of %s, %s, compiles as it is printed", async (readme, heading) => {
  await inDirectory(async (directory) => {
    await expect(compile(directory, await programOf(readme, heading))).resolves.toBeUndefined()
  })
})
