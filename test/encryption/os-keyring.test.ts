import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterEach, beforeEach, expect, test } from "vitest"
import { programInCi } from "../servers/apt-install.js"

const run = promisify(execFile)

let home = ""
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "evertoken-keyring-"))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const PROGRAM = `
  import { EncryptionKey } from "evertoken/encryption"
  for (const create of [false, true, false]) {
    await EncryptionKey.fromOsKeyring({ service: "evertoken-test", create }).then(
      ({ id }) => console.log(id),
      ({ code, message }) => console.log(code, message),
    )
  }`

/** Runs the program in a desktop session of its own, after `keyring` was started in it. */
async function inSession(keyring: string): Promise<readonly string[]> {
  const script = `${keyring} >/dev/null 2>&1; exec "$@"`
  const node = [process.execPath, "--input-type=module", "--eval", PROGRAM]
  const { stdout } = await run("dbus-run-session", ["--", "sh", "-c", script, "sh", ...node], {
    cwd: import.meta.dirname,
    env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: home, NODE_OPTIONS: "" },
  })
  return stdout.trim().split("\n")
}

const isThere =
  process.platform === "linux" &&
  programInCi("dbus-run-session", "dbus-daemon") !== undefined &&
  programInCi("gnome-keyring-daemon", "gnome-keyring") !== undefined
const UNLOCKED = "printf password | gnome-keyring-daemon --unlock --components=secrets"
const NEEDS = "needs dbus-run-session and gnome-keyring-daemon"

test.skipIf(!isThere)(
  `a key is made in an unlocked Secret Service, and found there by the next process (${NEEDS})`,
  async () => {
    const [none, created, found] = await inSession(UNLOCKED)
    expect(none).toMatch(/^ERR_TOKEN_CACHE the system's keyring has no entry of service evertoken-test /)
    expect(created).toMatch(/^[\da-f]{16}$/)
    expect(found).toBe(created)
    expect((await inSession(UNLOCKED))[0]).toBe(created)
  },
)

test.skipIf(!isThere)(`a locked keyring that nobody can unlock is an error (${NEEDS})`, async () => {
  await inSession(UNLOCKED)
  const said = await inSession("gnome-keyring-daemon --start --components=secrets")
  expect(new Set(said).size).toBe(1)
  expect(said[0]).toMatch(/^ERR_TOKEN_CACHE the system's keyring cannot be used: /)
})
