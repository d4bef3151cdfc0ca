import { createHash } from "node:crypto"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Finding } from "./fuzz-target.js"

const DIRECTORY = fileURLToPath(new URL("regressions", import.meta.url))

/** An input that once broke a promise. */
export interface Regression {
  readonly target: string
  readonly problem: string
  readonly input: Uint8Array
}

/** @returns the file that it is kept in from now on. */
export function keep({ target, problem, input }: Finding): string {
  const base64 = Buffer.from(input).toString("base64")
  const name = `${target}-${createHash("sha256").update(base64).digest("hex").slice(0, 8)}.json`
  // the text is for people; the bytes are what is played again
  const data = { target, problem, text: Buffer.from(input).toString("latin1").slice(0, 200), base64 }
  writeFileSync(join(DIRECTORY, name), `${JSON.stringify(data, undefined, 2)}\n`)
  return name
}

export function readRegressions(): readonly Regression[] {
  const names = readdirSync(DIRECTORY).filter((name) => name.endsWith(".json"))
  return names.sort().map((name) => {
    const { target, problem, base64 } = JSON.parse(readFileSync(join(DIRECTORY, name), "utf8")) as Record<
      string,
      string
    >
    if (target === undefined || problem === undefined || base64 === undefined) throw new Error(`${name} is incomplete`)
    return { target, problem, input: new Uint8Array(Buffer.from(base64, "base64")) }
  })
}
