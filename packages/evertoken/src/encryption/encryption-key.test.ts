import { randomBytes } from "node:crypto"
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest"
import { TokenError } from "../errors.js"
import { cryptoKeyOf, EncryptionKey } from "./encryption-key.js"

const bytes = randomBytes(32)
const base64 = bytes.toString("base64")
const { id } = EncryptionKey.from(bytes)

let directory = ""
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "evertoken-key-"))
})
afterAll(() => rm(directory, { recursive: true }))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

async function fileOf(content: Uint8Array | string, mode = 0o600): Promise<string> {
  const path = join(directory, randomBytes(4).toString("hex"))
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

/** What it rejects with: that nothing of a key is in it is looked at here, for all of them. */
async function refusal(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Error)
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(base64.slice(0, 8))
  return error as Error
}

test("the same key has the same id, wherever it comes from", async () => {
  vi.stubEnv("TOKEN_KEY", `${base64}\n`)
  expect(EncryptionKey.from(base64).id).toBe(id)
  expect(EncryptionKey.fromEnvironment("TOKEN_KEY").id).toBe(id)
  for (const content of [bytes, base64, `${base64}\n`, bytes.toString("hex"), bytes.toString("base64url")]) {
    expect((await EncryptionKey.fromFile(await fileOf(content))).id).toBe(id)
  }
})

test("the id of a key is 16 hex digits, differs from key to key, and is no part of it", () => {
  const ids = Array.from({ length: 100 }, () => EncryptionKey.from(randomBytes(32)).id)
  expect(new Set(ids).size).toBe(100)
  for (const each of ids) expect(each).toMatch(/^[\da-f]{16}$/)
  expect(bytes.toString("hex")).not.toContain(id)
})

test("a key shows its id, and nothing of itself", () => {
  const key = EncryptionKey.from(bytes)
  const shown = [
    inspect(key, { showHidden: true, depth: 9 }),
    inspect({ key }),
    JSON.stringify({ key }),
    String(key),
    JSON.stringify(structuredClone(key)),
  ]
  for (const text of shown) {
    expect(text).toContain(id)
    for (const encoding of ["hex", "base64", "base64url"] as const) expect(text).not.toContain(bytes.toString(encoding))
  }
  expect(shown.slice(0, 4).every((text) => text.includes("[redacted]"))).toBe(true)
})

test("what a key is in memory cannot be exported", async () => {
  const cryptoKey = await cryptoKeyOf(EncryptionKey.from(bytes))
  expect(cryptoKey.extractable).toBe(false)
  await expect(crypto.subtle.exportKey("raw", cryptoKey)).rejects.toThrow()
})

test("an environment variable that is not set, or holds something else, is refused by its name", () => {
  expect(() => EncryptionKey.fromEnvironment("NO_SUCH_KEY")).toThrow(/^the environment variable NO_SUCH_KEY is empty: /)
  vi.stubEnv("TOKEN_KEY", "hunter2 hunter2")
  const message =
    "the environment variable TOKEN_KEY is no text of 32 bytes in base64, base64url or hex: make one by `openssl rand -base64 32`"
  expect(() => EncryptionKey.fromEnvironment("TOKEN_KEY")).toThrow(new TypeError(message))
  expect(() => EncryptionKey.fromEnvironment("")).toThrow(
    new TypeError("name must be a text, and not empty; got an empty one"),
  )
})

test("a file that is no key is refused by its name, and its content is not shown", async () => {
  const path = await fileOf("hunter2\n")
  expect(await refusal(EncryptionKey.fromFile(path))).toEqual(
    new TypeError(
      `the key in ${path} is no text of 32 bytes in base64, base64url or hex: make one by \`openssl rand -base64 32\``,
    ),
  )
  const passphrase = await fileOf("correct horse battery staple 123")
  expect((await refusal(EncryptionKey.fromFile(passphrase))).message).toContain("is a text, not random bytes")
  await expect(EncryptionKey.fromFile("")).rejects.toThrow(/^path must be that of a file; got an empty string/)
})

test("a file that is not there, is no file, or is far too large is refused", async () => {
  const missing = join(directory, "missing")
  const folder = join(directory, "folder")
  await mkdir(folder)
  const large = await fileOf(`${base64}${" ".repeat(300)}`)
  const problems = [
    [missing, `${missing} cannot be read: ENOENT`],
    [folder, `${folder} is not a regular file`],
    [large, `${large} is too large to hold nothing but a key`],
  ] as const
  for (const [path, message] of problems) {
    const error = await refusal(EncryptionKey.fromFile(path))
    expect(error).toBeInstanceOf(TokenError)
    expect(error).toMatchObject({ code: "ERR_TOKEN_CACHE", transient: false, message })
  }
})

test.skipIf(process.platform === "win32")(
  "a file that others can read or write is refused, and says what mends it",
  async () => {
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777]) {
      const path = await fileOf(base64, mode)
      const { message } = await refusal(EncryptionKey.fromFile(path))
      expect(message).toBe(
        `${path} is open to others (mode ${mode.toString(8)}): chmod 600 it, and replace the key if it may have been read`,
      )
    }
    await expect(EncryptionKey.fromFile(await fileOf(base64, 0o400))).resolves.toMatchObject({ id })
  },
)

test.skipIf(process.platform === "win32")(
  "a link is followed, as platforms mount secrets, to a file that must be private",
  async () => {
    const [open, closed] = [join(directory, "open"), join(directory, "closed")]
    await symlink(await fileOf(base64, 0o644), open)
    await symlink(await fileOf(base64), closed)
    expect((await refusal(EncryptionKey.fromFile(open))).message).toContain("is open to others (mode 644)")
    expect((await EncryptionKey.fromFile(closed)).id).toBe(id)
  },
)

test("a file of another user is refused", async () => {
  const path = await fileOf(base64)
  const { uid } = await stat(path)
  if (uid === 0) await chown(path, 1234, 1234)
  vi.spyOn(process, "geteuid").mockReturnValue(uid + 1)
  const owner = uid === 0 ? 1234 : uid
  expect((await refusal(EncryptionKey.fromFile(path))).message).toBe(
    `${path} belongs to another user (${owner}, this is ${uid + 1}): copy it`,
  )
})

test.runIf(process.geteuid?.() === 0)(
  "a file of root's may be readable to the group, as a mounted secret is",
  async () => {
    vi.spyOn(process, "geteuid").mockReturnValue(1234)
    expect((await EncryptionKey.fromFile(await fileOf(base64, 0o440))).id).toBe(id)
    for (const mode of [0o444, 0o460, 0o450]) {
      expect((await refusal(EncryptionKey.fromFile(await fileOf(base64, mode)))).message).toContain("is open to others")
    }
  },
)
