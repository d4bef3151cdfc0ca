import { once } from "node:events"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import { CachedTokenSource } from "../cached-token-source.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { ClientCredentialsSource, type ClientCredentialsOptions } from "./client-credentials-source.js"

const ISSUER = "https://id.example.com"
const never = () => new Promise<Response>(() => {})

type Answer = () => Response | Promise<Response>

/** Within a cached source, whose own time-out cannot tell whether anything was sent. */
function asking(options: Partial<ClientCredentialsOptions>, clock: VirtualClock) {
  const source = new ClientCredentialsSource({ clientId: "c", clientSecret: "s", clock, ...options })
  return new CachedTokenSource(source, { clock }).getToken().catch((error: unknown) => error)
}

function fetching(answers: Readonly<Record<string, Answer>>) {
  const requested: string[] = []
  const fetch = async (input: unknown) => {
    const { pathname } = new URL(String(input))
    requested.push(pathname)
    return (answers[pathname] ?? never)()
  }
  return { fetch, requested }
}

const OAUTH = "/.well-known/oauth-authorization-server"
const OIDC = "/.well-known/openid-configuration"
const late = { code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true }

describe("one deadline, shorter than that of a cached source, spans discovery and request", () => {
  const metadata = () => Response.json({ issuer: ISSUER, token_endpoint: `${ISSUER}/token` })

  const silent: readonly (readonly [string, Readonly<Record<string, Answer>>, readonly string[]])[] = [
    ["the first place of the metadata", {}, [OAUTH]],
    ["the second", { [OAUTH]: () => new Response("", { status: 404 }) }, [OAUTH, OIDC]],
  ]
  it.each(silent)("with nothing but silence from %s nothing counts as sent", async (_, answers, expected) => {
    const clock = new VirtualClock()
    const { fetch, requested } = fetching(answers)
    const failure = asking({ issuer: ISSUER, fetch }, clock)
    await clock.advance(8_000)
    expect(await failure).toMatchObject({ ...late, ambiguous: false })
    expect(requested).toEqual(expected)
  })

  it("the request has what slow metadata leaves of it, and may have been processed", async () => {
    const clock = new VirtualClock()
    const slowly = () => new Promise<Response>((resolve) => clock.setTimer(() => resolve(metadata()), 5_000))
    const { fetch, requested } = fetching({ [OAUTH]: slowly })
    const failure = asking({ issuer: ISSUER, fetch }, clock)
    await clock.advance(5_000)
    expect(requested).toEqual([OAUTH, "/token"])
    let over = false
    void failure.finally(() => (over = true))
    await clock.advance(2_999)
    expect(over).toBe(false)
    await clock.advance(1)
    expect(await failure).toMatchObject({ ...late, ambiguous: true })
  })

  it("an issuer that accepts a connection and no more was sent nothing", async () => {
    const clock = new VirtualClock()
    const server = createServer((socket) => socket.on("error", () => {}))
    server.listen(0, "127.0.0.1")
    const connected = once(server, "connection")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const failure = asking({ tokenEndpoint: `https://127.0.0.1:${port}/token` }, clock)
    await connected
    await clock.advance(8_000)
    expect(await failure).toMatchObject({ ...late, ambiguous: false })
    server.close()
  })
})
