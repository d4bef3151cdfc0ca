import { randomBytes } from "node:crypto"
import { TokenError } from "../errors.js"
import { KEY_BYTES } from "./key-material.js"

/** Where a key is in the keyring of the operating system. */
export interface OsKeyringEntry {
  /** The program that it belongs to: `"my-cli"`. */
  readonly service: string
  /** Which of the program's keys. Default `"evertoken"`. */
  readonly account?: string | undefined
  /**
   * Whether to make a key where there is none. Default false. Of two processes that do so at once, one may be left with a
   * key that nobody finds again: let one do it, such as the one by which a user signs in.
   */
  readonly create?: boolean | undefined
}

/**
 * The text of a key in the keyring of the operating system.
 * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_CACHE`).
 */
export async function readOsKeyring({ service, account = "evertoken", create }: OsKeyringEntry): Promise<string> {
  const { AsyncEntry } = await loadKeyring()
  try {
    // the kernel's keyring, which it would fall back to, forgets: what was encrypted would be lost
    const entry = new AsyncEntry(service, account, { linux: { store: "secret-service" } })
    const found = await entry.getPassword()
    if (found !== null || create !== true) return found ?? missing(service, account)
    await entry.setPassword(randomBytes(KEY_BYTES).toString("base64"))
    return (await entry.getPassword()) ?? missing(service, account)
  } catch (error) {
    if (error instanceof TokenError) throw error
    // only its kind is told: nobody knows what a foreign message holds
    throw refused(
      `the system's keyring cannot be used: it needs a desktop session in which it is unlocked; on a server, take the key from a file or the environment`,
    )
  }
}

async function loadKeyring() {
  try {
    return await import("@napi-rs/keyring")
  } catch {
    throw refused("the system's keyring needs a package, which is not installed: npm install @napi-rs/keyring")
  }
}

function missing(service: string, account: string): never {
  throw refused(
    `the system's keyring has no entry of service ${service} and account ${account}: make one by the option create, once`,
  )
}

function refused(message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", message, { transient: false })
}
