import { isDeepStrictEqual } from "node:util"
import { DEFAULT_STORE } from "./config-fields.js"
import type { Config } from "./config.js"

/** What a configuration that is read again has that is other than before. Names are sorted. */
export interface ConfigChanges {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** The token itself is configured otherwise, or the store that it is in. */
  readonly changed: readonly string[]
  /** What takes effect after a restart only, each in words; until then it stays as it was. */
  readonly needRestart: readonly string[]
}

const NEED_RESTART = {
  listen: "where the server listens (listen) has changed: restart it, until then it listens where it did",
  stateDirectory:
    "the state directory (stateDirectory) has changed: restart the server, until then it uses the old one",
  encryption: "the encryption (encryption) has changed: restart the server, until then it uses the old keys",
} as const

/** The order of keys does not count. References to secrets are compared by their identity, not by what is found there. */
export function configChanges(before: Config, after: Config): ConfigChanges {
  const [old, now] = [tokensOf(before), tokensOf(after)]
  const sections = ["listen", "stateDirectory", "encryption"] as const
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed: [...now]
      .filter(([name, token]) => old.has(name) && !isDeepStrictEqual(token, old.get(name)))
      .map(([name]) => name),
    needRestart: sections
      .filter((name) => !isDeepStrictEqual(before[name], after[name]))
      .map((name) => NEED_RESTART[name]),
  }
}

/** Each token together with what it is kept in. */
function tokensOf({ tokens, stores }: Config): ReadonlyMap<string, unknown> {
  return new Map(
    Object.keys(tokens)
      .sort()
      .map((name) => {
        const { store = DEFAULT_STORE, ...token } = tokens[name] ?? {}
        return [name, { token, store, keptIn: stores[store] }]
      }),
  )
}
