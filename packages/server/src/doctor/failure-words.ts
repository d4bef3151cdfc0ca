import { TokenError } from "evertoken"
import { memberOf } from "../config/member-of.js"

interface Words {
  readonly message: string
  readonly hint: string
}

const CERTIFICATE = "Give the certificate of whoever vouches for it: certificateAuthority: ca.pem"
const WORDS: Readonly<Record<string, Words>> = {
  ECONNREFUSED: { message: "nothing listens there", hint: "Look at its address and port, and whether it is up." },
  ENOTFOUND: { message: "there is no such host", hint: "Look at its name, and at the name servers of this machine." },
  EAI_AGAIN: { message: "the name servers do not answer", hint: "Look at the network of this machine." },
  ETIMEDOUT: { message: "it does not answer in time", hint: "Look at the network, the firewall, the proxy." },
  ECONNRESET: { message: "it ends the connection", hint: "Look at the proxy, and whether it speaks TLS there." },
  CERT_HAS_EXPIRED: { message: "its certificate has expired", hint: "Whoever runs it has to renew it." },
  DEPTH_ZERO_SELF_SIGNED_CERT: { message: "its certificate is not trusted", hint: CERTIFICATE },
  SELF_SIGNED_CERT_IN_CHAIN: { message: "its certificate is not trusted", hint: CERTIFICATE },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { message: "its certificate is not trusted", hint: CERTIFICATE },
  ERR_TLS_CERT_ALTNAME_INVALID: { message: "its certificate is for another name", hint: "Look at its URL." },
  NOAUTH: { message: "it asks for a password", hint: "Put it into the URL, and the URL into env: or file:." },
}
const SAME: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: "ETIMEDOUT",
  UND_ERR_HEADERS_TIMEOUT: "ETIMEDOUT",
  UND_ERR_BODY_TIMEOUT: "ETIMEDOUT",
  UND_ERR_SOCKET: "ECONNRESET",
}

/** Why something on the network could not be had, by its code: texts of others may have a URL in them, and that a password. */
export function failureWords(error: unknown): Words {
  const code = codeOf(error)
  const known = WORDS[SAME[code] ?? code]
  if (known !== undefined) return known
  const message = error instanceof TokenError ? error.message : `it fails with ${code}`
  return { message, hint: "Look at its log, and whether this machine may reach it." }
}

function codeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const cause = memberOf(first, "cause") ?? first
  const code = memberOf(cause, "code") ?? memberOf(first, "code")
  if (typeof code === "string") return code
  return error instanceof Error ? error.name : "no reason"
}
