import { configurationOf, type ConfigOption } from "./configuration.js"
import { openTokens } from "./open-tokens.js"
import type { Terminal } from "./terminal.js"
import type { TokenService } from "./token-service.js"

/** Does something with the tokens of a configuration; what was opened for it is closed then. */
export async function withTokens<T>(
  option: ConfigOption,
  { clock }: Terminal,
  work: (tokens: TokenService) => Promise<T>,
): Promise<T> {
  const { config } = await configurationOf(option)
  await using tokens = await openTokens(config, clock)
  return await work(tokens)
}
