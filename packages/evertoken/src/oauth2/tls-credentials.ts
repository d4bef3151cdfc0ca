import { createSecureContext } from "node:tls"
import { isCertificates } from "../certificate-texts.js"
import { assertTextOrFile, type TextOrFile } from "../credential-texts.js"
import type { IssuerOptions } from "./issuer-options.js"
import { isMutualTls } from "./mutual-tls.js"

/** What a connection presents, and whom it trusts, in PEM. */
export interface TlsCredentials<T = string> {
  readonly cert?: T
  readonly key?: T
  readonly ca?: T
}

/**
 * @returns undefined where nothing is given, or the application's own connections do all that.
 * @throws TypeError that names the option, and shows nothing of the key.
 */
export function tlsTextsOf(options: IssuerOptions): TlsCredentials<TextOrFile> | undefined {
  const { certificateAuthority: ca, clientAuthentication } = options
  const hasOwnConnections = options.fetch !== undefined || options.dispatcher !== undefined
  const { certificate: cert, key } = isMutualTls(clientAuthentication) ? clientAuthentication : {}
  const texts: { cert?: TextOrFile; key?: TextOrFile; ca?: TextOrFile } = {}
  if (ca !== undefined) {
    assertTextOrFile("certificateAuthority", ca)
    if (hasOwnConnections) throw givenTwice("certificateAuthority")
    texts.ca = ca
  }
  if (isMutualTls(clientAuthentication) && !(hasOwnConnections && cert === undefined && key === undefined)) {
    assertTextOrFile("clientAuthentication.certificate", cert)
    assertTextOrFile("clientAuthentication.key", key)
    if (hasOwnConnections) throw givenTwice("clientAuthentication.certificate")
    Object.assign(texts, { cert, key })
  }
  return Object.keys(texts).length === 0 ? undefined : texts
}

function givenTwice(name: string): TypeError {
  return new TypeError(`${name} is given, but dispatcher or fetch connects; leave one out`)
}

/** @throws TypeError that names the option, and shows nothing of the key. */
export function assertUsable({ cert, key, ca }: TlsCredentials): void {
  if (ca !== undefined && !isCertificates(ca)) throw new TypeError("certificateAuthority must be certificates in PEM")
  if (cert === undefined) return
  try {
    createSecureContext({ cert, key })
  } catch {
    throw new TypeError(
      "clientAuthentication.certificate and clientAuthentication.key must be PEM texts that belong together, the key " +
        "without passphrase",
    )
  }
}
