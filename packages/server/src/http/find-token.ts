import { nearestName } from "../config/nearest-name.js"
import type { NamedToken } from "../tokens/named-token.js"
import type { TokenRegistry } from "../tokens/token-registry.js"
import { Refusal } from "./refusal.js"

/** @throws Refusal that says which name was perhaps meant. What was asked for is not repeated: it may be a token. */
export function tokenNamed(registry: TokenRegistry, name: string): NamedToken {
  const named = registry.find(name)
  if (named !== undefined) return named
  const known = namesOf(registry)
  const nearest = nearestName(name, known)
  const hint = nearest === undefined ? `There are: ${known.join(", ") || "none"}.` : `Did you mean ${nearest}?`
  throw new Refusal("ERR_UNKNOWN_TOKEN", "no token has this name", { hint })
}

/** The token of a set-up that has one only. @throws Refusal that says which ones there are. */
export function onlyToken(registry: TokenRegistry): NamedToken {
  const [only, ...others] = registry.all
  if (only !== undefined && others.length === 0) return only
  const why = only === undefined ? "no token is configured" : `there are several: ${namesOf(registry).join(", ")}`
  throw new Refusal("ERR_NOT_ONE_TOKEN", `this is for one token, and ${why}`, {
    hint: only && `Ask for one by its name, such as /tokens/${only.name}.`,
  })
}

function namesOf(registry: TokenRegistry): readonly string[] {
  return registry.all.map(({ name }) => name)
}
