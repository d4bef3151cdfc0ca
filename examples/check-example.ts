import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { secretClients } from "../test/issuer/issuer-clients.js"

export interface ExampleResult {
  /** What is wrong with it; nothing, if it passed. */
  readonly complaints: readonly string[]
  /** What it printed, without secrets. */
  readonly output: string
}

// longer than any example takes: one that does not end by itself is a defect
const PATIENCE_MS = 180_000

/** Runs `main.ts` of a folder: it must end by itself with 0 and print what `expected.txt` says, one pattern a line, in order. */
export async function checkExample(folder: URL): Promise<ExampleResult> {
  const patterns = (await readFile(new URL("expected.txt", folder), "utf8")).split("\n").filter((line) => line !== "")
  const { code, output } = await run(fileURLToPath(new URL("main.ts", folder)))
  const complaints = [
    ...(code === 0 ? [] : [`it ended with ${code ?? "a signal: it did not end in time"}`]),
    ...missing(patterns, output.split(/\r?\n/)).map((pattern) => `not printed, or not in this place: ${pattern}`),
    ...(withoutSecrets(output) === output ? [] : ["it printed a secret"]),
  ]
  return { complaints, output: withoutSecrets(output) }
}

async function run(main: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), main], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text))
  }
  await once(child, "close")
  return { code: child.exitCode, output }
}

/** The patterns for which there is no line after the one of the pattern before. */
function missing(patterns: readonly string[], lines: readonly string[]): string[] {
  let from = 0
  return patterns.filter((pattern) => {
    const at = lines.findIndex((line, index) => index >= from && new RegExp(pattern).test(line))
    if (at >= 0) from = at + 1
    return at < 0
  })
}

// the issuer's tokens and the API's sessions: 43 characters of base64url; JWTs: three parts of it
const TOKENS = /(?<![\w-])[\w-]{43}(?![\w-])|eyJ[\w-]+\.[\w-]+\.[\w-]*/g

function withoutSecrets(output: string): string {
  const secrets = Object.values(secretClients).map(({ clientSecret }) => clientSecret)
  const hidden = secrets.reduce((text, secret) => text.replaceAll(secret, "[a client secret]"), output)
  return hidden.replace(TOKENS, "[a token]")
}
