import { SecretError } from "./secret-error.js"

/**
 * A secret in the keyring of the operating system (Keychain, Credential Manager, Secret Service), by `SERVICE/ACCOUNT`.
 * Needs the package `@napi-rs/keyring`, and a session in which the keyring is unlocked: servers and containers have none.
 * @throws SecretError that names the entry.
 */
export async function readKeyringSecret(name: string): Promise<string> {
  const [service = "", account = ""] = name.split(/\/(.*)/s)
  const { AsyncEntry } = await loadKeyring(name)
  let secret: string | null | undefined
  try {
    // the kernel's keyring, which it would fall back to, forgets
    secret = await new AsyncEntry(service, account, { linux: { store: "secret-service" } }).getPassword()
  } catch {
    // the foreign message is not told: nobody knows what it holds
    throw refused(
      name,
      "the keyring cannot be used: it needs a desktop session in which it is unlocked; else use file:",
    )
  }
  if (secret) return secret
  throw refused(name, `the keyring has no such entry: add one of service ${service} and account ${account}`)
}

async function loadKeyring(name: string) {
  try {
    return await import("@napi-rs/keyring")
  } catch {
    throw refused(name, "the keyring needs a package, which is not installed: npm install @napi-rs/keyring")
  }
}

function refused(name: string, problem: string): SecretError {
  return new SecretError(`keyring:${name}`, problem)
}
