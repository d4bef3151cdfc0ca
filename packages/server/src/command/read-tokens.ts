import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import { tokensToSet } from "../http/set-tokens.js"
import type { TokensSetByHand } from "../tokens/tokens-set-by-hand.js"
import { CommandError, EXIT } from "./command-error.js"
import { readInput } from "./read-input.js"
import type { Terminal } from "./terminal.js"

/** Tokens from a person who types them unseen, or from another program: JSON, or an access token alone. */
export async function readTokens(terminal: Terminal): Promise<TokensSetByHand> {
  const { stdin } = terminal
  if (stdin.isTTY === true) return tokensOf(await typed(terminal))
  const text = (await readInput(stdin)).trim()
  if (text === "") throw refused("nothing came on the standard input")
  if (!text.startsWith("{")) return tokensOf({ accessToken: text })
  try {
    return tokensOf(JSON.parse(text))
  } catch (error) {
    throw error instanceof CommandError ? error : refused("what came is not JSON")
  }
}

function tokensOf(value: unknown): TokensSetByHand {
  const { data, error } = tokensToSet.safeParse(value)
  if (data !== undefined) return data
  const [issue] = error.issues
  // the names of fields that are not known may be anything
  const field = issue?.path.join(".")
  throw refused(field ? `${field} is missing or not valid` : "there is a field that is not known")
}

function refused(message: string): CommandError {
  const hint = 'Give an access token, or JSON: {"accessToken": …, "refreshToken": …, "expiresAt": …, "scope": …}'
  return new CommandError(message, { exitCode: EXIT.usage, hint })
}

async function typed(terminal: Terminal): Promise<object> {
  const accessToken = await ask(terminal, "Access token (nothing if there is none): ")
  const refreshToken = await ask(terminal, "Refresh token (nothing if there is none): ")
  if (accessToken + refreshToken === "") throw refused("nothing was typed")
  return { accessToken: accessToken || undefined, refreshToken: refreshToken || undefined }
}

function ask({ stdin, stderr }: Terminal, question: string): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: unseen, terminal: true, historySize: 0 })
  stderr.write(question)
  return new Promise((resolve, reject) => {
    let answer: string | undefined
    lines.once("line", (line) => {
      answer = line.trim()
      lines.close()
    })
    lines.once("SIGINT", () => lines.close())
    lines.once("close", () => {
      stderr.write("\n")
      if (answer === undefined) reject(new CommandError("cancelled", { exitCode: 130 }))
      else resolve(answer)
    })
  })
}
