import { unsafeBinding } from "../config/unsafe-binding.js"
import { configurationOf, type ConfigOption } from "./configuration.js"
import type { Terminal } from "./terminal.js"

/** Says whether the configuration can be used. @throws ConfigError telling all that is wrong, as editors read it. */
export async function check(option: ConfigOption, { stdout, stderr }: Terminal): Promise<void> {
  const { file, config } = await configurationOf(option)
  const unsafe = unsafeBinding(config.listen)
  if (unsafe !== undefined) stderr.write(`evertoken: ${unsafe}\n`)
  if (config.encryption === undefined) stderr.write("evertoken: encryption.keys is not set: tokens are kept readable\n")
  stdout.write(`${file}: good, with ${Object.keys(config.tokens).sort().join(", ") || "no tokens"}\n`)
}
