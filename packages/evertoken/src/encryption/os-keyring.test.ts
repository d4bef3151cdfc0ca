import { randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { afterEach, describe, expect, test, vi } from "vitest"
import { EncryptionKey } from "./encryption-key.js"

afterEach(() => {
  vi.unstubAllEnvs()
  vi.doUnmock("@napi-rs/keyring")
})

const failure = (message: string) => ({ name: "TokenError", code: "ERR_TOKEN_CACHE", transient: false, message })

const UNUSABLE = failure(
  "the system's keyring cannot be used: it needs a desktop session in which it is unlocked; on a server, take the key from a file or the environment",
)

test.runIf(process.platform === "linux")(
  "without a desktop session there is a clear error, and no other store",
  async () => {
    vi.stubEnv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    for (const create of [false, true]) {
      await expect(EncryptionKey.fromOsKeyring({ service: "evertoken-test", create })).rejects.toMatchObject(UNUSABLE)
    }
  },
)

test("an entry without a name is refused before the system is asked", async () => {
  const refused = (entry: object) => {
    // @ts-expect-error whoever calls from JavaScript may give anything
    return expect(EncryptionKey.fromOsKeyring(entry)).rejects
  }
  await refused({}).toThrow("service must be a text, and not empty; got undefined")
  await refused({ service: "" }).toThrow("service must be a text, and not empty; got an empty one")
  await refused({ service: "s", account: 5 }).toThrow("account must be a text, and not empty; got 5")
  await refused({ service: "s", create: "yes" }).toThrow("create must be true or false")
  await refused({ service: "s", user: "u" }).toThrow("user is not an option of EncryptionKey.fromOsKeyring")
})

// the real one: test/encryption
describe("in a session, by a double of the package", () => {
  /** What is in the system's keyring, by service and account. */
  function keyringWith(entries: Map<string, string>, { fails = false } = {}) {
    const options: unknown[] = []
    class AsyncEntry {
      readonly #name: string
      constructor(service: string, account: string, given: unknown) {
        this.#name = `${service}/${account}`
        options.push(given)
      }
      async getPassword() {
        if (fails) throw new Error(`ambiguous: ${entries.get(this.#name)}`)
        return entries.get(this.#name) ?? null
      }
      async setPassword(text: string) {
        entries.set(this.#name, text)
      }
    }
    vi.doMock("@napi-rs/keyring", () => ({ AsyncEntry }))
    return options
  }

  test("a key is read by service and account, and never from a keyring that forgets", async () => {
    const text = randomBytes(32).toString("base64")
    const options = keyringWith(new Map([["cli/evertoken", text]]))
    const { id } = await EncryptionKey.fromOsKeyring({ service: "cli" })
    expect(id).toBe(EncryptionKey.from(text).id)
    expect(options).toEqual([{ linux: { store: "secret-service" } }])
  })

  test("a key that is not there is made only if asked for, and is then found again", async () => {
    const entries = new Map<string, string>()
    keyringWith(entries)
    const entry = { service: "cli", account: "work" }
    await expect(EncryptionKey.fromOsKeyring(entry)).rejects.toMatchObject(
      failure("the system's keyring has no entry of service cli and account work: make one by the option create, once"),
    )
    expect(entries.size).toBe(0)
    const { id } = await EncryptionKey.fromOsKeyring({ ...entry, create: true })
    expect((await EncryptionKey.fromOsKeyring({ ...entry, create: true })).id).toBe(id)
    expect((await EncryptionKey.fromOsKeyring(entry)).id).toBe(id)
    expect([...entries.keys()]).toEqual(["cli/work"])
  })

  test("an entry that is no key is refused, and not shown", async () => {
    keyringWith(new Map([["cli/evertoken", "hunter2"]]))
    await expect(EncryptionKey.fromOsKeyring({ service: "cli", create: true })).rejects.toThrow(
      "the key in the system's keyring is no text of 32 bytes in base64, base64url or hex",
    )
  })

  test("what the system says is not passed on", async () => {
    keyringWith(new Map([["cli/evertoken", "hunter2"]]), { fails: true })
    const error: unknown = await EncryptionKey.fromOsKeyring({ service: "cli" }).catch((reason: unknown) => reason)
    expect(error).toMatchObject(UNUSABLE)
    expect(inspect(error, { depth: 9 })).not.toContain("hunter2")
  })

  test("without the package it is said how to install it", async () => {
    vi.doMock("@napi-rs/keyring", () => {
      throw new Error("not found")
    })
    await expect(EncryptionKey.fromOsKeyring({ service: "cli" })).rejects.toMatchObject(
      failure("the system's keyring needs a package, which is not installed: npm install @napi-rs/keyring"),
    )
  })
})
