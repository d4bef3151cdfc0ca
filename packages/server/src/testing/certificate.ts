import "reflect-metadata"
import { webcrypto } from "node:crypto"
import { cryptoProvider, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509"
import { systemClock } from "evertoken"

cryptoProvider.set(webcrypto)

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const
const DAY_MS = 24 * 3_600_000

/** A certificate for these names, vouched for by nobody but itself, and its key; both in PEM. */
export async function certificateFor(names: readonly { readonly type: "dns" | "ip"; readonly value: string }[]) {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])
  const now = systemClock.now()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=evertoken",
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new SubjectAlternativeNameExtension([...names])],
  })
  const bytes = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey))
  const key = `-----BEGIN PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END PRIVATE KEY-----\n`
  return { cert: certificate.toString("pem"), key }
}
