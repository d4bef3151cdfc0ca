import "reflect-metadata"
import { webcrypto } from "node:crypto"
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509"

cryptoProvider.set(webcrypto)

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const
const DAY_MS = 24 * 3600 * 1000

/** What a TLS server presents, in PEM. */
export interface Credentials {
  readonly key: string
  readonly cert: string
}

export interface CertificateOptions {
  /** DNS names and IP addresses that it is for. Default: this machine. */
  readonly names?: readonly { readonly type: "dns" | "ip"; readonly value: string }[]
  /** From when to when, in days from now. Default: yesterday to tomorrow. */
  readonly days?: readonly [number, number]
}

const THIS_MACHINE = [
  { type: "dns", value: "localhost" },
  { type: "ip", value: "127.0.0.1" },
] as const

/** A certificate authority that lives as long as the test. */
export class Authority {
  /** What a client must be given to trust it, in PEM. */
  readonly certificate: string
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #name: string

  private constructor(certificate: string, keys: webcrypto.CryptoKeyPair, name: string) {
    this.certificate = certificate
    this.#keys = keys
    this.#name = name
  }

  static async create(name: string): Promise<Authority> {
    const keys = await newKeys()
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      ...validity([-1, 1]),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      ],
    })
    return new Authority(certificate.toString("pem"), keys, `CN=${name}`)
  }

  async issue({ names = THIS_MACHINE, days = [-1, 1] }: CertificateOptions = {}): Promise<Credentials> {
    const keys = await newKeys()
    const certificate = await X509CertificateGenerator.create({
      subject: "CN=issuer",
      issuer: this.#name,
      ...validity(days),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new SubjectAlternativeNameExtension([...names])],
    })
    return { key: await pemOf(keys), cert: certificate.toString("pem") }
  }
}

/** Vouched for by nobody but itself. */
export async function selfSigned(): Promise<Credentials> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    ...validity([-1, 1]),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new SubjectAlternativeNameExtension([...THIS_MACHINE])],
  })
  return { key: await pemOf(keys), cert: certificate.toString("pem") }
}

function validity([from, to]: readonly [number, number]) {
  const now = Date.now()
  return { notBefore: new Date(now + from * DAY_MS), notAfter: new Date(now + to * DAY_MS) }
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])
}

async function pemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey))
  const lines = bytes.toString("base64").replace(/.{64}/g, "$&\n")
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`
}
