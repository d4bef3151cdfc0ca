import { isIP } from "node:net"
import { readFile } from "node:fs/promises"
import { connect } from "node:tls"
import type { Clock } from "evertoken"
import { EnvHttpProxyAgent, request, type Dispatcher } from "undici"
import type { Config } from "../config/config.js"
import { memberOf } from "../config/member-of.js"
import type { TokenConfig } from "../config/token-config.js"
import { checkExpiry } from "./certificate-expiry.js"
import { checkSkew } from "./clock-skew.js"
import { failureWords } from "./failure-words.js"
import { fail, ok, type Finding } from "./finding.js"
import { within } from "./within.js"

const TIMEOUT_MS = 8_000
const MOST_CHARACTERS = 1_000_000

interface Issuer {
  readonly url: string
  /** Else it is a token endpoint alone. */
  readonly hasMetadata: boolean
  readonly certificateAuthority: string | undefined
}

/** Whether every issuer can be reached, says who it is, has a certificate that lasts, and agrees on the time. */
export async function checkIssuers(config: Config, clock: Clock): Promise<readonly Finding[]> {
  const issuers = new Map(
    Object.values(config.tokens).map((token) => [JSON.stringify(issuerOf(token)), issuerOf(token)]),
  )
  return (await Promise.all([...issuers.values()].map((issuer) => checkIssuer(issuer, clock)))).flat()
}

function issuerOf({ issuer, tokenEndpoint, certificateAuthority }: TokenConfig): Issuer {
  return { url: issuer ?? tokenEndpoint ?? "", hasMetadata: issuer !== undefined, certificateAuthority }
}

async function checkIssuer(issuer: Issuer, clock: Clock): Promise<readonly Finding[]> {
  const subject = `${issuer.hasMetadata ? "issuer" : "token endpoint"} ${issuer.url}`
  let dispatcher: Dispatcher | undefined
  try {
    const ca = issuer.certificateAuthority && (await readFile(issuer.certificateAuthority))
    const tls = ca ? { ca } : {}
    dispatcher = new EnvHttpProxyAgent({ connect: { ...tls, timeout: TIMEOUT_MS }, headersTimeout: TIMEOUT_MS })
    const asked = { dispatcher, clock }
    const { finding, date, sentAt } = issuer.hasMetadata
      ? await metadataOf(subject, issuer.url, asked)
      : await answerOf(subject, issuer.url, asked)
    const ahead = date === undefined ? [] : [checkSkew(issuer.url, Date.parse(date) + 500 - sentAt)]
    const { protocol, hostname, port } = new URL(issuer.url)
    if (protocol !== "https:") return [finding, ...ahead]
    const server = { host: hostname.replace(/^\[(.+)\]$/, "$1"), port: Number(port || 443), ...tls }
    return [finding, ...(await checkCertificate(issuer.url, server, clock)), ...ahead]
  } catch (error) {
    const { message, hint } = failureWords(error)
    return [fail(subject, message, hint)]
  } finally {
    await dispatcher?.close()
  }
}

interface Asked {
  readonly dispatcher: Dispatcher
  readonly clock: Clock
}

interface Answered {
  readonly finding: Finding
  readonly date: string | undefined
  /** The moment in the middle between question and answer. */
  readonly sentAt: number
}

/** RFC 8414, section 3; OpenID Connect Discovery, section 4. */
async function metadataOf(subject: string, issuer: string, asked: Asked): Promise<Answered> {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, "")
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
  let last: Answered | undefined
  for (const place of places) {
    const { status, text, ...when } = await ask(place, asked)
    const named = status === 200 ? issuerIn(text) : undefined
    if (named === issuer) return { finding: ok(subject, "it can be reached, and its metadata name it"), ...when }
    const told =
      named === undefined ? `it has no metadata at ${places.join(", nor at ")}` : "its metadata name another one"
    const hint = named === undefined ? "Look at its URL; or set tokenEndpoint." : `Write the issuer as it names itself.`
    last = { finding: fail(subject, told, hint), ...when }
    if (named !== undefined) return last
  }
  return last ?? answerOf(subject, issuer, asked)
}

function issuerIn(text: string): string | undefined {
  try {
    const named = memberOf(JSON.parse(text), "issuer")
    return typeof named === "string" ? named : undefined
  } catch {
    return undefined
  }
}

/** Without a grant it refuses, and that is an answer. */
async function answerOf(subject: string, url: string, asked: Asked): Promise<Answered> {
  const { status, date, sentAt } = await ask(url, asked)
  if (status < 500) return { finding: ok(subject, "it can be reached"), date, sentAt }
  return { finding: fail(subject, `it answers with ${status}`, "Whoever runs it has to look."), date, sentAt }
}

async function ask(url: string, { dispatcher, clock }: Asked) {
  const before = clock.now()
  const { statusCode: status, headers, body } = await request(url, { dispatcher, bodyTimeout: TIMEOUT_MS })
  const sentAt = (before + clock.now()) / 2
  let text = ""
  for await (const chunk of body.setEncoding("utf8")) {
    text += String(chunk)
    if (text.length > MOST_CHARACTERS) break
  }
  const { date } = headers
  return { status, text, sentAt, date: typeof date === "string" ? date : undefined }
}

async function checkCertificate(
  url: string,
  server: { readonly host: string; readonly port: number; readonly ca?: Buffer },
  clock: Clock,
): Promise<readonly Finding[]> {
  // the certificate that a proxy lets through is seen by requests only
  if (process.env["HTTPS_PROXY"] ?? process.env["https_proxy"]) return []
  const validTo = new Promise<string>((resolve, reject) => {
    const socket = connect({ ...server, ...(isIP(server.host) === 0 && { servername: server.host }) }, () => {
      resolve(socket.getPeerCertificate().valid_to)
      socket.destroy()
    })
    socket.once("error", reject)
  })
  const limit = { clock, timeoutMs: TIMEOUT_MS }
  return [checkExpiry(`certificate of ${url}`, await within(validTo, limit), clock.now())]
}
