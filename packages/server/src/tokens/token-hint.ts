import type { TokenError, TokenErrorCode } from "evertoken"

const HINTS: Readonly<Record<TokenErrorCode, string>> = {
  ERR_TOKEN_EXPIRED: "Wait for the next attempt, or refresh it now.",
  ERR_TOKEN_LIFETIME: "The issuer gives tokens that are over at once: look at its settings, and at both clocks.",
  ERR_TOKEN_UNCHANGED: "The issuer goes on giving the same token; nothing is to be done as long as it is valid.",
  ERR_TOKEN_CLAIM_TIMEOUT: "Another process has been renewing it for long: is it hanging?",
  ERR_TOKEN_CACHE:
    "Look at the store: its permissions, its room, whether it is up, encryption.keys. `evertoken doctor` tells.",
  ERR_TOKEN_REQUEST: "The issuer cannot be reached: look at the network, the proxy, the certificates.",
  ERR_TOKEN_REQUEST_TIMEOUT: "The issuer does not answer in time; it is asked again.",
  ERR_TOKEN_RESPONSE:
    "The issuer refuses: look at its URL, the client's id and secret, and what the client may ask for.",
  ERR_TOKEN_RESPONSE_INVALID: "What answers is no token endpoint: look at the issuer's URL.",
  ERR_TOKEN_SOURCE: "What the token is made from cannot be had: look at the files that are named.",
  ERR_REAUTHENTICATION_REQUIRED: "Only a person can repair it.",
  ERR_TOKEN_SOURCE_CLOSED: "The server is ending.",
}

/** What a person can do about a failure. */
export function hintFor(
  { code, transient }: Pick<TokenError, "code" | "transient">,
  { name, canSignIn }: { name: string; canSignIn: boolean },
): string {
  if (code === "ERR_TOKEN_RESPONSE" && transient) return "The issuer has trouble of its own; it is asked again."
  if (code !== "ERR_REAUTHENTICATION_REQUIRED") return HINTS[code]
  return canSignIn ? `Sign in: evertoken login ${name}` : `Set new tokens: evertoken set ${name}`
}
