import { X509Certificate } from "node:crypto"

/** Whether these are certificates in PEM. Node.js takes what it can read of several, and trusts nobody if that is nothing. */
export function isCertificates(pem: string): boolean {
  const [, ...certificates] = pem.split("-----BEGIN CERTIFICATE-----")
  const isOne = (certificate: string) => {
    try {
      return new X509Certificate(`-----BEGIN CERTIFICATE-----${certificate}`).raw.length > 0
    } catch {
      return false
    }
  }
  return certificates.length > 0 && certificates.every(isOne)
}
