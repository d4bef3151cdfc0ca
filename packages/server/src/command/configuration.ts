import type { Config } from "../config/config.js"
import { findConfig } from "../config/find-config.js"
import { readConfig } from "../config/read-config.js"

export interface ConfigOption {
  /** Default: where `findConfig` finds it. */
  readonly config?: string | undefined
  /** As in `FindConfigOptions`. */
  readonly isForeign?: boolean
}

/** @throws ConfigError */
export async function configurationOf(
  option: ConfigOption,
): Promise<{ readonly file: string; readonly config: Config }> {
  const file = option.config ?? (await findConfig({ isForeign: option.isForeign }))
  return { file, config: await readConfig(file) }
}
