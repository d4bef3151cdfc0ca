import type { X509Certificate } from "node:crypto"
import { isIP } from "node:net"

export interface TcpOriginOptions {
  readonly port: number
  /** As the configuration has it. */
  readonly address: string
  /** What a server with TLS presents. */
  readonly certificate?: X509Certificate | undefined
}

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]

/** A TCP listener as its clients call it. */
export class TcpOrigin {
  readonly kind = "tcp"
  readonly #port: number
  readonly #scheme: "http" | "https"
  readonly #names: ReadonlySet<string>
  readonly #certificate: X509Certificate | undefined

  constructor({ port, address, certificate }: TcpOriginOptions) {
    this.#port = port
    this.#scheme = certificate === undefined ? "http" : "https"
    this.#names = new Set([...LOOPBACK_NAMES, nameInUrl(address)])
    this.#certificate = certificate
  }

  /** Where a browser of this machine finds it. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`
  }

  /**
   * Whether a `Host` header names it: this machine, the configured address, or what the certificate is for, at this port. Another name
   * is that of a page whose name was made to lead here (DNS rebinding).
   */
  isOwnHost(host: string): boolean {
    const [, name = "", port = this.#scheme === "https" ? "443" : "80"] =
      /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d+))?$/.exec(host.toLowerCase()) ?? []
    return Number(port) === this.#port && (this.#names.has(name) || this.#isCertified(name))
  }

  #isCertified(name: string): boolean {
    const address = name.replace(/^\[(.+)\]$/, "$1")
    const found = isIP(address) === 0 ? this.#certificate?.checkHost(name) : this.#certificate?.checkIP(address)
    return found !== undefined
  }
}

function nameInUrl(address: string): string {
  return address.includes(":") ? `[${address.toLowerCase()}]` : address.toLowerCase()
}
