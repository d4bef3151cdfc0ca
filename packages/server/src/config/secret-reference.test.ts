import { randomBytes } from "node:crypto"
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect, isDeepStrictEqual } from "node:util"
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { SecretError } from "./secret-error.js"
import { SecretReference } from "./secret-reference.js"

let directory = ""
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-secret-"))
})
afterAll(() => rm(directory, { recursive: true }))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  vi.doUnmock("@napi-rs/keyring")
})

async function fileOf(content: string, mode = 0o600): Promise<string> {
  const path = join(directory, randomBytes(4).toString("hex"))
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

async function refusalOf(text: string): Promise<string> {
  const error: unknown = await SecretReference.parse(text)
    .resolve()
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(SecretError)
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2")
  return (error as SecretError).message
}

test("a literal secret shows in nothing but what resolve() gives", async () => {
  const reference = SecretReference.parse("hunter2")
  const shown = [
    inspect(reference, { showHidden: true, depth: 9 }),
    inspect({ reference }),
    inspect(Object.getOwnPropertyDescriptors(reference)),
    JSON.stringify({ reference }),
    String(reference),
    JSON.stringify(structuredClone(reference)),
  ]
  for (const text of shown) expect(text).not.toContain("hunter2")
  expect(shown[0]).toBe("[redacted]")
  await expect(reference.resolve()).resolves.toBe("hunter2")
})

test("a reference shows where the secret is", () => {
  const reference = SecretReference.parse("file:key", (path) => `/etc/${path}`)
  expect([inspect(reference), JSON.stringify(reference), String(reference)]).toEqual([
    "file:/etc/key",
    '"file:/etc/key"',
    "file:/etc/key",
  ])
})

test("two references are equal if they are to the same, a literal one, too", () => {
  const isEqual = (one: string, other: string) =>
    isDeepStrictEqual(SecretReference.parse(one), SecretReference.parse(other))
  for (const text of ["env:A", "file:/a", "keyring:a/b", "hunter2"]) expect(isEqual(text, text)).toBe(true)
  expect([isEqual("env:A", "env:B"), isEqual("hunter2", "hunter3"), isEqual("env:A", "keyring:A")]).toEqual([
    false,
    false,
    false,
  ])
})

test("an environment variable is read when it is asked for", async () => {
  const reference = SecretReference.parse("env:EVERTOKEN_TEST_SECRET")
  for (const secret of ["hunter2", "hunter3"]) {
    vi.stubEnv("EVERTOKEN_TEST_SECRET", secret)
    await expect(reference.resolve()).resolves.toBe(secret)
  }
  vi.stubEnv("EVERTOKEN_TEST_SECRET", "")
  expect(await refusalOf("env:EVERTOKEN_TEST_SECRET")).toBe(
    "env:EVERTOKEN_TEST_SECRET: the environment variable is not set, or empty: set it where this is started",
  )
})

describe("a file", () => {
  test("is read without the line end that editors leave, and no more is taken away", async () => {
    for (const [content, secret] of [
      ["hunter2", "hunter2"],
      ["hunter2\n", "hunter2"],
      ["hunter2\r\n", "hunter2"],
      [" hunter2 \n\n", " hunter2 \n"],
    ] as const) {
      await expect(SecretReference.parse(`file:${await fileOf(content)}`).resolve()).resolves.toBe(secret)
    }
  })

  test("that cannot hold a secret is refused by its name", async () => {
    const missing = join(directory, "missing")
    expect(await refusalOf(`file:${missing}`)).toBe(`file:${missing}: there is no such file`)
    const folder = join(directory, "folder")
    await mkdir(folder)
    expect(await refusalOf(`file:${folder}`)).toBe(`file:${folder}: is not a regular file`)
    expect(await refusalOf(`file:${await fileOf("\n")}`)).toContain("is empty: write the secret into it")
    const large = await fileOf("hunter2".repeat(10_000))
    expect(await refusalOf(`file:${large}`)).toContain("is too large to hold nothing but a secret")
    expect(await refusalOf(`file:${large}/x`)).toContain("cannot be read: ENOTDIR")
  })

  test.runIf(process.geteuid?.() === 0)("that this user may not read is told with what mends it", async () => {
    const closed = join(directory, "closed")
    await mkdir(closed, { mode: 0o700 })
    const path = join(closed, "secret")
    await writeFile(path, "hunter2", { mode: 0o600 })
    await chmod(directory, 0o755)
    process.seteuid?.(1234)
    try {
      expect(await refusalOf(`file:${path}`)).toContain("cannot be read by this user: chown it")
    } finally {
      process.seteuid?.(0)
    }
  })

  test.skipIf(process.platform === "win32")(
    "that others can read or write is refused, a link's target, too",
    async () => {
      for (const mode of [0o640, 0o604, 0o620, 0o602, 0o777]) {
        const path = await fileOf("hunter2", mode)
        const problem = `is open to others (mode ${mode.toString(8)}): chmod 600 it, and replace the secret if it may have been read`
        expect(await refusalOf(`file:${path}`)).toBe(`file:${path}: ${problem}`)
        const link = `${path}.link`
        await symlink(path, link)
        expect(await refusalOf(`file:${link}`)).toBe(`file:${link}: ${problem}`)
      }
    },
  )

  test("of another user is refused", async () => {
    const path = await fileOf("hunter2")
    const { uid } = await stat(path)
    const owner = uid === 0 ? 1234 : uid
    if (uid === 0) await chown(path, owner, owner)
    vi.spyOn(process, "geteuid").mockReturnValue(uid + 1)
    expect(await refusalOf(`file:${path}`)).toContain(`belongs to another user (${owner}, this is ${uid + 1}): copy it`)
  })

  test.runIf(process.geteuid?.() === 0)("of root's may be readable to the group, as a mounted secret is", async () => {
    vi.spyOn(process, "geteuid").mockReturnValue(1234)
    await expect(SecretReference.parse(`file:${await fileOf("hunter2", 0o440)}`).resolve()).resolves.toBe("hunter2")
    for (const mode of [0o444, 0o460]) {
      expect(await refusalOf(`file:${await fileOf("hunter2", mode)}`)).toContain("is open to others")
    }
  })
})

describe("the system's keyring", () => {
  function keyringWith(entries: ReadonlyMap<string, string>, { fails = false } = {}) {
    const options: unknown[] = []
    class AsyncEntry {
      readonly #name: string
      constructor(service: string, account: string, given: unknown) {
        this.#name = `${service}|${account}`
        options.push(given)
      }
      async getPassword() {
        if (fails) throw new Error(`ambiguous: ${entries.get(this.#name)}`)
        return entries.get(this.#name)
      }
    }
    vi.doMock("@napi-rs/keyring", () => ({ AsyncEntry }))
    return options
  }

  test("is asked by service and account, and never one that forgets", async () => {
    const options = keyringWith(new Map([["evertoken|a/b", "hunter2"]]))
    await expect(SecretReference.parse("keyring:evertoken/a/b").resolve()).resolves.toBe("hunter2")
    expect(options).toEqual([{ linux: { store: "secret-service" } }])
  })

  test("that has no such entry, cannot be used, or is not there is told with what mends it", async () => {
    keyringWith(new Map())
    expect(await refusalOf("keyring:e/a")).toBe(
      "keyring:e/a: the keyring has no such entry: add one of service e and account a",
    )
    keyringWith(new Map([["e|a", "hunter2"]]), { fails: true })
    expect(await refusalOf("keyring:e/a")).toContain("the keyring cannot be used: it needs a desktop session")
    vi.doMock("@napi-rs/keyring", () => {
      throw new Error("hunter2")
    })
    expect(await refusalOf("keyring:e/a")).toContain("npm install @napi-rs/keyring")
  })
})
