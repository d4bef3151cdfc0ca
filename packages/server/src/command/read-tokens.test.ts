import { PassThrough, Writable } from "node:stream"
import { setImmediate as turn } from "node:timers/promises"
import { systemClock } from "evertoken"
import { describe, expect, test } from "vitest"
import { readTokens } from "./read-tokens.js"

function terminalWith(stdin: PassThrough & { isTTY?: boolean }) {
  const told = { err: "" }
  const stderr = new Writable({
    write: (chunk, _encoding, done) => {
      told.err += String(chunk)
      done()
    },
  })
  return { told, terminal: { stdin, stdout: new PassThrough(), stderr, clock: systemClock } }
}

/** What comes of keys that a person presses, each line once its question is there. */
async function typing(...lines: readonly string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const { told, terminal } = terminalWith(stdin)
  const tokens = readTokens(terminal)
  tokens.catch(() => undefined)
  for (const [index, line] of lines.entries()) {
    while (told.err.split(": ").length < index + 2) await turn()
    stdin.write(line)
  }
  return { tokens, told }
}

describe("typed", () => {
  test("both tokens are asked for, and neither is shown", async () => {
    const { tokens, told } = await typing("canary-access\r", "canary-refresh\r")
    expect(await tokens).toEqual({ accessToken: "canary-access", refreshToken: "canary-refresh" })
    expect(told.err).toBe("Access token (nothing if there is none): \nRefresh token (nothing if there is none): \n")
  })

  test("a refresh token alone will do", async () => {
    const { tokens } = await typing("\r", " canary-refresh \r")
    expect(await tokens).toEqual({ refreshToken: "canary-refresh" })
  })

  test("nothing at all is refused", async () => {
    const { tokens } = await typing("\r", "\r")
    await expect(tokens).rejects.toMatchObject({ message: "nothing was typed", exitCode: 2 })
  })

  test("Ctrl-C cancels", async () => {
    const { tokens } = await typing("half a tok\u0003")
    await expect(tokens).rejects.toMatchObject({ message: "cancelled", exitCode: 130 })
  })
})

test.each([
  ["", "nothing came on the standard input"],
  ["  \n", "nothing came on the standard input"],
  ['{"accessToken": "canary"', "what came is not JSON"],
  ['{"accessToken": 7}', "accessToken is missing or not valid"],
  ['{"accessToken": "canary", "canary": 1}', "there is a field that is not known"],
  ["x".repeat(65 * 1024), "what came is too long"],
])("what is no token is refused without being shown: %.30s", async (input, message) => {
  const stdin = new PassThrough()
  stdin.end(input)
  await expect(readTokens(terminalWith(stdin).terminal)).rejects.toMatchObject({ message, exitCode: 2 })
})
