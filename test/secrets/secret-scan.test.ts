import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { CANARY } from "./canary.js"

const SCAN = fileURLToPath(new URL("../../scripts/secret-scan.js", import.meta.url))
const PLANTED = fileURLToPath(new URL("planted.js", import.meta.url))

/** Scans a program that lets a secret out this way. */
async function scanOf(
  way: string,
  exitCode = 0,
  options: readonly string[] = [],
): Promise<{ code: number | null; output: string }> {
  const command = `"${process.execPath}" "${PLANTED}" "${way}" && exit ${exitCode}`
  const child = spawn(process.execPath, [SCAN, "--canary", "nightingale-", ...options, command], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)))
  const [code] = (await once(child, "close")) as [number | null]
  return { code, output }
}

test.each([
  "standard output",
  "standard error",
  "standard output, in base64",
  "standard output, in two parts",
  "an event",
  "the name of a file",
])("a secret that is planted is found: %s", async (way) => {
  const { code, output } = await scanOf(way)
  expect(output).toContain(`SECRET in ${way.split(",")[0] ?? ""}: `)
  expect(code).toBe(1)
})

test.skipIf(process.platform !== "linux")("a secret that is planted is found: the title of a process", async () => {
  const { code, output } = await scanOf("the title of a process")
  expect(output).toContain("SECRET in the title or command line of a process: ")
  expect(code).toBe(1)
})

test("where no secret is to be seen the scan ends as what it runs does", async () => {
  expect((await scanOf("no way")).output).toMatch(/1 kinds of events, .*: no secret/)
  expect((await scanOf("no way")).code).toBe(0)
  expect((await scanOf("no way", 3)).code).toBe(3)
})

test("a run in which nothing is to be heard of the library proves nothing", async () => {
  const { code, output } = await scanOf("nothing to be heard")
  expect(output).toContain("no event of the library was heard")
  expect(code).toBe(1)
})

test("where the scan hears no events it sees all the rest", async () => {
  expect((await scanOf("an event", 0, ["--without-events"])).code).toBe(0)
  expect((await scanOf("standard error", 0, ["--without-events"])).code).toBe(1)
  expect((await scanOf("no way", 3, ["--without-events"])).code).toBe(3)
})

test("whatever secret the tests' issuer has is a canary", async () => {
  const issuer = await RealIssuer.start()
  const { basic, post, secretJwt } = issuer.clients
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: post.clientId,
    client_secret: post.clientSecret,
  })
  const answer = (await (await fetch(issuer.tokenEndpoint, { method: "POST", body })).json()) as object
  const secrets = [basic, post, secretJwt].map(({ clientSecret }) => clientSecret)
  for (const secret of [...secrets, await issuer.issueRefreshToken(), Reflect.get(answer, "access_token")]) {
    expect(String(secret)).toContain(CANARY)
  }
  await issuer.close()
})
