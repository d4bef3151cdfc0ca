import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import type { Clock } from "evertoken"
import { Agent, request } from "undici"
import { isServed, socketOf } from "../command/open-tokens.js"
import { failureOf } from "../command/failure.js"
import type { Config } from "../config/config.js"
import { unsafeBinding } from "../config/unsafe-binding.js"
import { health } from "../http/health-routes.js"
import { version } from "../version.js"
import { checkExpiry } from "./certificate-expiry.js"
import { fail, ok, warn, type Finding } from "./finding.js"

/** Whether a server runs, is this version, and is reached by nobody who is not meant to. */
export async function checkServer(config: Config, clock: Clock): Promise<readonly Finding[]> {
  return [await checkRunning(config), ...(await checkPort(config, clock))]
}

async function checkRunning(config: Config): Promise<Finding> {
  const subject = "server"
  try {
    if (!(await isServed(config))) {
      return warn(subject, "none is running; commands do the work themselves", "To keep tokens fresh: evertoken serve")
    }
    const theirs = await versionOf(socketOf(config))
    if (theirs === version()) return ok(subject, `it is running, and of this version (${theirs})`)
    return warn(subject, `it is running, but of version ${theirs}; this is ${version()}`, "Start it again.")
  } catch (error) {
    const { message, hint = "Look at its log, and start it again." } = failureOf(error)
    return fail(subject, message, hint)
  }
}

async function versionOf(socketPath: string): Promise<string> {
  const dispatcher = new Agent({ connect: { socketPath }, headersTimeout: 5_000 })
  try {
    const { body } = await request("http://localhost/healthz", { dispatcher })
    return health.parse(await body.json()).version
  } catch {
    throw new Error("it is running, but does not answer as it should")
  } finally {
    await dispatcher.close()
  }
}

async function checkPort({ listen }: Config, clock: Clock): Promise<readonly Finding[]> {
  const { tcp } = listen
  if (tcp === undefined) return []
  const unsafe = unsafeBinding(listen)
  const address = `port ${tcp.port}`
  const bound =
    unsafe === undefined
      ? ok(address, `only this machine reaches it (${tcp.address})`)
      : warn(address, `other machines reach it (${tcp.address})`, "Use 127.0.0.1, unless they are meant to.")
  if (tcp.tls === undefined) return [bound]
  // one that cannot be read is told of already
  const certificate = await readFile(tcp.tls.certificate).catch(() => undefined)
  if (certificate === undefined) return [bound]
  return [bound, checkExpiry(`certificate of ${address}`, new X509Certificate(certificate).validTo, clock.now())]
}
