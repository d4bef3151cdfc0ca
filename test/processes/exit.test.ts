import { execFile } from "node:child_process"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { Scene } from "./scene.js"

const run = promisify(execFile)
const HERE = dirname(fileURLToPath(import.meta.url))

/** Runs a program as a user would type it. A process that does not exit by itself is killed, and fails the test. */
async function program(text: string, env: NodeJS.ProcessEnv = {}): Promise<{ stdout: string; stderr: string }> {
  const options = { cwd: HERE, env: { ...process.env, ...env }, timeout: 30_000, killSignal: "SIGKILL" as const }
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", text], options)
  return { stdout, stderr }
}

test("a program that starts a watcher and ends exits by itself", async () => {
  const { stdout, stderr } = await program(`
    import { TokenWatcher, tokenSourceFrom } from "evertoken"
    const watcher = await TokenWatcher.start(tokenSourceFrom(() => "a-token", { lifetimeMs: 3_600_000 }))
    watcher.token$.subscribe((token) => console.log(token.expiresAt > 0))
  `)
  expect(stdout).toBe("true\n")
  expect(stderr).toBe("")
})

test("a program with a shared file and a real issuer exits by itself", async () => {
  await using scene = await Scene.set()
  const { clientId, clientSecret } = scene.issuer.clients.basic
  const { stdout, stderr } = await program(
    `
    import { CachedTokenSource, TokenWatcher } from "evertoken"
    import { FileTokenCache } from "evertoken/file"
    import { ClientCredentialsSource } from "evertoken/oauth2"
    const { ISSUER: issuer, CLIENT: clientId, SECRET: clientSecret, FILE: file } = process.env
    const source = new ClientCredentialsSource({ issuer, clientId, clientSecret, scope: "api:read" })
    const watcher = await TokenWatcher.start(new CachedTokenSource(source, { caches: [new FileTokenCache(file)] }))
    console.log(watcher.current().tokenType)
  `,
    { ISSUER: scene.issuer.url, CLIENT: clientId, SECRET: clientSecret, FILE: scene.file },
  )
  expect(stdout).toBe("Bearer\n")
  expect(stderr).toBe("")
})

test("a background failure with nobody listening: no warning, no unhandled rejection, and the reads fail only past expiry", async () => {
  const { stdout, stderr } = await program(`
    import { setTimeout as wait } from "node:timers/promises"
    import { TokenWatcher, tokenSourceFrom } from "evertoken"
    let calls = 0
    const source = tokenSourceFrom(() => { if (++calls > 1) throw new Error("down"); return "a-token" }, { lifetimeMs: 1_000 })
    const watcher = await TokenWatcher.start(source)
    const expiresAt = watcher.current().expiresAt
    while (calls < 3) await wait(10)
    if (Date.now() < expiresAt) watcher.current()
    while (Date.now() <= expiresAt) await wait(10)
    try { watcher.current() } catch (error) { console.log(error.code) }
  `)
  expect(stdout).toBe("ERR_TOKEN_EXPIRED\n")
  expect(stderr).toBe("")
})
