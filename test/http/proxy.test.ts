import { execFile } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { StaticTokenSource } from "evertoken"
import { bearerToken, createFetch } from "evertoken/http"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { fetch as undiciFetch, ProxyAgent } from "undici"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Authority } from "../hostile/certificates.js"
import { RealIssuer } from "../issuer/real-issuer.js"
import { ConnectProxy } from "./connect-proxy.js"

const run = promisify(execFile)
const HERE = dirname(fileURLToPath(import.meta.url))

let authority: Authority
let directory: string
let caFile: string
beforeAll(async () => {
  authority = await Authority.create("an authority of the company's own")
  directory = await mkdtemp(join(tmpdir(), "evertoken-proxy-"))
  caFile = join(directory, "ca.pem")
  await writeFile(caFile, authority.certificate)
})
afterAll(() => rm(directory, { recursive: true, force: true }))

interface Asked {
  readonly path: string | undefined
  readonly authorization: string | undefined
  readonly client: string | undefined
}

/** A server behind TLS that gives tokens at `/token`, and elsewhere answers whoever has one. */
class SecureServer {
  readonly asked: Asked[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    server.on("request", (request, response) => {
      const { authorization } = request.headers
      const socket = request.socket as Partial<{ getPeerCertificate: () => { subject?: { CN?: string } } }>
      this.asked.push({ path: request.url, authorization, client: socket.getPeerCertificate?.().subject?.CN })
      const body =
        request.url === "/token" ? { access_token: "a", token_type: "Bearer", expires_in: 60 } : { invoices: 3 }
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))
    })
  }

  static async start(): Promise<SecureServer> {
    const ca = authority.certificate
    const credentials = await authority.issue()
    const server = createServer({ ...credentials, ca, requestCert: true, rejectUnauthorized: false })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return new SecureServer(server)
  }

  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`
  }
  get origin(): string {
    return `https://${this.host}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close")
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

const PROGRAM = `
  import { ClientCredentialsSource } from "evertoken/oauth2"
  try {
    const token = await new ClientCredentialsSource(JSON.parse(process.env.OPTIONS)).getToken()
    console.log("a token,", token.tokenType)
  } catch (error) {
    console.log(error.name, error.code, error.message)
  }
`

/** What a program prints that asks for a token in this environment, of which the rest says nothing of proxies. */
async function printedWith(options: object, proxies: NodeJS.ProcessEnv): Promise<string> {
  const rest = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name))
  const env = { ...Object.fromEntries(rest), NODE_EXTRA_CA_CERTS: caFile, OPTIONS: JSON.stringify(options), ...proxies }
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", PROGRAM], { cwd: HERE, env })
  expect(stderr).toBe("")
  return stdout.trim()
}

const client = { clientId: "billing", clientSecret: "the-secret" }

describe("a token request", () => {
  it("goes through the proxy that HTTPS_PROXY names, in a tunnel, trusting the authority that Node trusts", async () => {
    await using server = await SecureServer.start()
    await using proxy = await ConnectProxy.start()
    const options = { ...client, tokenEndpoint: `${server.origin}/token` }
    for (const name of ["HTTPS_PROXY", "https_proxy"]) {
      expect(await printedWith(options, { [name]: proxy.url })).toBe("a token, Bearer")
    }
    expect(proxy.tunnels).toEqual([server.host, server.host])
    expect(proxy.seenInTheClear).toEqual([undefined, undefined])
    expect(server.asked.map(({ path }) => path)).toEqual(["/token", "/token"])
  })

  it("goes past it to hosts that NO_PROXY names, and where none is named", async () => {
    await using server = await SecureServer.start()
    await using proxy = await ConnectProxy.start()
    const options = { ...client, tokenEndpoint: `${server.origin}/token` }
    for (const env of [{ HTTPS_PROXY: proxy.url, NO_PROXY: "example.com,localhost" }, {}, { HTTPS_PROXY: "" }]) {
      expect(await printedWith(options, env)).toBe("a token, Bearer")
    }
    expect(proxy.tunnels).toEqual([])
    expect(server.asked).toHaveLength(3)
  })

  it("in the clear to this very machine goes through none, whatever HTTP_PROXY says", async () => {
    await using issuer = await RealIssuer.start()
    await using proxy = await ConnectProxy.start()
    const { clientId, clientSecret } = issuer.clients.basic
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }
    expect(await printedWith({ issuer: issuer.url, clientId, clientSecret }, env)).toBe("a token, Bearer")
    expect([proxy.tunnels, proxy.seenInTheClear]).toEqual([[], []])
  })

  it("presents the client's certificate to the issuer, behind the proxy", async () => {
    await using server = await SecureServer.start()
    await using proxy = await ConnectProxy.start()
    const { cert: certificate, key } = await authority.issue()
    const clientAuthentication = { method: "tls_client_auth", certificate, key }
    const options = { clientId: "billing", clientAuthentication, tokenEndpoint: `${server.origin}/token` }
    expect(await printedWith(options, { HTTPS_PROXY: proxy.url })).toBe("a token, Bearer")
    expect([proxy.tunnels, server.asked[0]?.client]).toEqual([[server.host], "issuer"])
  })

  it("trusts the authority that it is given, behind the proxy, and no other", async () => {
    await using server = await SecureServer.start()
    await using proxy = await ConnectProxy.start()
    const options = { ...client, tokenEndpoint: `${server.origin}/token`, certificateAuthority: { file: caFile } }
    const environment = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: "" }
    expect(await printedWith(options, environment)).toBe("a token, Bearer")
    const another = await Authority.create("another one")
    const mistrusting = { ...options, certificateAuthority: another.certificate }
    expect(await printedWith(mistrusting, { HTTPS_PROXY: proxy.url })).toMatch(/^TokenError ERR_TOKEN_REQUEST/)
    expect([proxy.tunnels, server.asked.length]).toEqual([[server.host, server.host], 1])
  })

  it("brings the proxy its password, and tells it to nobody when that is wrong", async () => {
    await using server = await SecureServer.start()
    await using proxy = await ConnectProxy.start({ user: "me", password: "p@ss" })
    const options = { ...client, tokenEndpoint: `${server.origin}/token` }
    const urlWith = (credentials: string) => proxy.url.replace("//", `//${credentials}@`)
    expect(await printedWith(options, { HTTPS_PROXY: urlWith("me:p%40ss") })).toBe("a token, Bearer")
    const refused = await printedWith(options, { HTTPS_PROXY: urlWith("me:wrong-password") })
    expect(refused).toMatch(/^TokenError ERR_TOKEN_REQUEST no answer from localhost:/)
    expect(refused).not.toContain("wrong-password")
    expect(server.asked).toHaveLength(1)
  })

  it.each(["proxy.example.com:3128", "me:the-password@proxy.example.com", "ftp://me:the-password@proxy.example.com"])(
    "is not tried through %s, which is no proxy's URL, nor is that shown",
    async (url) => {
      const options = { ...client, tokenEndpoint: "https://id.example.com/token" }
      const printed = await printedWith(options, { HTTPS_PROXY: url })
      expect(printed).toBe(
        "TypeError undefined the environment variable HTTPS_PROXY must be a URL such as http://proxy.example.com:3128",
      )
    },
  )
})

describe("a dispatcher of one's own, with a proxy and an authority", () => {
  it("carries token requests and what bears the token, which only the listed origin can read", async () => {
    await using server = await SecureServer.start()
    await using proxy = await ConnectProxy.start()
    const dispatcher = new ProxyAgent({ uri: proxy.url, requestTls: { ca: authority.certificate } })
    const token = await new ClientCredentialsSource({
      ...client,
      tokenEndpoint: `${server.origin}/token`,
      dispatcher,
    }).getToken()
    const source = new StaticTokenSource(token)
    const origins = [server.origin]

    const composed = dispatcher.compose(bearerToken(source, { origins }))
    const answer = await composed.request({ origin: server.origin, path: "/by-dispatcher", method: "GET" })
    expect(await answer.body.json()).toEqual({ invoices: 3 })
    const viaProxy = (input: string) => undiciFetch(input, { dispatcher: composed })
    expect(await (await viaProxy(`${server.origin}/by-composed-fetch`)).json()).toEqual({ invoices: 3 })
    const carrying = createFetch(source, { origins, fetch: undiciFetch as unknown as typeof fetch })
    const init = { dispatcher } as unknown as RequestInit
    expect(await (await carrying(`${server.origin}/by-fetch`, init)).json()).toEqual({ invoices: 3 })

    expect(server.asked.slice(1).map(({ path, authorization }) => [path, authorization])).toEqual([
      ["/by-dispatcher", "Bearer a"],
      ["/by-composed-fetch", "Bearer a"],
      ["/by-fetch", "Bearer a"],
    ])
    expect(new Set(proxy.tunnels)).toEqual(new Set([server.host]))
    expect(new Set(proxy.seenInTheClear)).toEqual(new Set([undefined]))
    await dispatcher.close()
  })
})
