import { constants, type Stats } from "node:fs"
import fs from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join, resolve } from "node:path"
import type { z } from "zod"
import { ConfigError, type ConfigProblem, type PlacedProblem } from "./config-error.js"
import { configFields } from "./config-fields.js"
import { configSchema, type Config } from "./config.js"
import { problemsOf } from "./issue-problems.js"
import { memberOf } from "./member-of.js"
import { wordsFor } from "./problem-words.js"
import { parseYaml, type YamlSource } from "./yaml-source.js"

const LARGEST_BYTES = 1_048_576
/** A server that reads its configuration again has other things to do, and nobody mends more at a time. */
const MOST_PROBLEMS = 100

/**
 * The configuration in a file. Paths in it are relative to its directory, or to the home directory if they begin with `~/`.
 * @returns a promise that rejects with a `ConfigError` that tells all problems at once, and shows nothing of a secret.
 */
export async function readConfig(path: string): Promise<Config> {
  return parseConfig(await contentOf(path), { file: path, baseDirectory: dirname(resolve(path)) })
}

export interface ParseConfigOptions {
  /** What it is called in messages. */
  readonly file: string
  /** What relative paths are relative to. */
  readonly baseDirectory: string
}

/** The configuration in a text of YAML. What `policy` says for all tokens is in each of them. @throws ConfigError */
export function parseConfig(text: string, { file, baseDirectory }: ParseConfigOptions): Config {
  const source = parseYaml(text)
  if (source.problems.length > 0) throw new ConfigError(file, shown(source.problems))
  if (source.value === null) {
    throw new ConfigError(file, [fileProblem("is empty: `evertoken init` writes a commented one")])
  }
  const { data, error } = schemaFor(source.value, baseDirectory).safeParse(source.value, {
    error: wordsFor,
    reportInput: true,
  })
  if (error !== undefined) throw new ConfigError(file, located(error, source))
  return withSharedPolicy(data)
}

function schemaFor(value: unknown, baseDirectory: string) {
  const stores = memberOf(value, "stores")
  const fields = configFields({
    resolvePath: (path) => (/^~(?=$|[/\\])/.test(path) ? join(homedir(), path.slice(1)) : resolve(baseDirectory, path)),
    allowLiteralSecrets: memberOf(value, "allowLiteralSecrets") === true,
    storeNames: typeof stores === "object" && stores !== null ? Object.keys(stores) : [],
  })
  return configSchema(fields)
}

function located({ issues }: z.ZodError, source: YamlSource): readonly ConfigProblem[] {
  const problems = problemsOf(issues)
  const placed = problems.slice(0, MOST_PROBLEMS).map(({ path, at, field, message }) => {
    return { ...source.positionOf(path, at), field, message }
  })
  return shown(placed, problems.length)
}

function shown(problems: readonly PlacedProblem[], count = problems.length): readonly ConfigProblem[] {
  const inOrder = problems.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, MOST_PROBLEMS)
  const left = count - inOrder.length
  const message = `${left} problems more are not told`
  return left === 0 ? inOrder : [...inOrder, ...inOrder.slice(-1).map((last) => ({ ...last, field: "", message }))]
}

function withSharedPolicy(config: Config): Config {
  const { policy } = config
  if (policy === undefined) return config
  const tokens = Object.entries(config.tokens).map(([name, token]) => {
    return [name, { ...token, policy: { ...policy, ...token.policy } }] as const
  })
  return { ...config, tokens: Object.fromEntries(tokens) }
}

async function contentOf(path: string): Promise<string> {
  const refused = (problem: string) => new ConfigError(path, [fileProblem(problem)])
  try {
    // a named pipe would keep its reader waiting; where there is no such flag (Windows) undefined counts as 0
    const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw refused("is not a regular file")
      if (isOpenToWriters(stats)) {
        throw refused("can be changed by others, who could have any command run: chmod go-w it")
      }
      if (stats.size > LARGEST_BYTES) throw refused("is too large for a configuration")
      return new TextDecoder("utf-8", { fatal: true }).decode(await handle.readFile())
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw refused(unreadable(error))
  }
}

function isOpenToWriters({ mode }: Stats): boolean {
  return process.platform !== "win32" && (mode & 0o022) !== 0
}

function unreadable(error: unknown): string {
  const code = memberOf(error, "code")
  if (code === "ENOENT") return "does not exist: `evertoken init` writes one"
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "is not text in UTF-8"
  return `cannot be read: ${typeof code === "string" ? code : "unexpected failure"}`
}

function fileProblem(message: string): ConfigProblem {
  return { field: "", message }
}
